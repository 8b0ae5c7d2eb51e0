#include "common/export/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/xalloc.h"

enum { SILENCE_S = 5 };

/* A connection that is open. */
struct client {
    int fd;
    int64_t since_ns; /* 0: this place is free */
    bool cut;
};

struct server {
    struct MHD_Daemon *daemon;
    int fd; /* epoll's */
    server_answer_fn answer;
    void *arg;
    bool local;
    char url[NI_MAXHOST + NI_MAXSERV + 16];
    size_t n_clients;
    bool full; /* it was, in the latest run: others may be waiting */
    struct client client[SERVER_CONNECTIONS];
};

/* ---- where to listen ---- */

/* "[::1]:80" into its two parts; false where it is no such thing. */
static bool split(const char *at, char *host, size_t size, const char **port)
{
    const char *colon = strrchr(at, ':');
    size_t n = colon ? (size_t)(colon - at) : 0;
    bool bracket = n > 2 && at[0] == '[' && at[n - 1] == ']';

    if (n == 0 || n >= size || !colon[1] || (!bracket && memchr(at, ':', n)))
        return false;
    snprintf(host, size, "%.*s", (int)(bracket ? n - 2 : n), at + bracket);
    *port = colon + 1;
    return true;
}

static struct addrinfo *resolve(const char *at, struct err *e)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
                                               AI_PASSIVE};
    struct addrinfo *found = NULL;
    char host[NI_MAXHOST];
    const char *port;
    unsigned long number;
    char *end;

    if (split(at, host, sizeof host, &port)) {
        number = strtoul(port, &end, 10); /* getaddrinfo() cuts to 16 bits */
        if (!*end && number <= UINT16_MAX &&
            getaddrinfo(host, port, &hints, &found) == 0)
            return found;
    }
    err_set(e, ERR_USAGE,
            "'%s' is no address and port in numbers; write 127.0.0.1:28283 or "
            "[::1]:28283",
            at);
    return NULL;
}

static bool is_local(const struct sockaddr *a)
{
    const struct sockaddr_in6 *six = (const void *)a;
    const struct sockaddr_in *four = (const void *)a;

    if (a->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* A socket that listens there, or -1 with errno set. */
static int listen_at(const struct addrinfo *a)
{
    int fd =
        socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int yes = 1, why;

    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        (a->ai_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0) &&
        bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

static void name(struct server *s, int fd)
{
    struct sockaddr_storage a;
    socklen_t size = sizeof a;
    char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";

    if (getsockname(fd, (struct sockaddr *)&a, &size) != 0)
        return;
    getnameinfo((struct sockaddr *)&a, size, host, sizeof host, port,
                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(s->url, sizeof s->url,
             strchr(host, ':') ? "http://[%s]:%s" : "http://%s:%s", host, port);
    s->local = is_local((struct sockaddr *)&a);
}

/* ---- requests ---- */

static enum MHD_Result reply(struct MHD_Connection *c,
                             const struct server_answer *a, const char *allow)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(
        a->size, a->body, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result done = MHD_NO;

    if (!r) {
        free(a->body);
        return MHD_NO;
    }
    if (MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->type) &&
        MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close") &&
        (!allow || MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allow)))
        done = MHD_queue_response(c, a->status, r);
    MHD_destroy_response(r);
    return done;
}

/* What a request asks for is clear from its head: whatever body it has is not
 * waited for. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *c,
                                  const char *url, const char *method,
                                  const char *version, const char *data,
                                  size_t *size, void **request)
{
    struct server *s = arg;
    struct server_answer a = {.type = "text/plain; charset=utf-8"};

    (void)version;
    (void)data;
    (void)size;
    (void)request;
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
        strcmp(method, MHD_HTTP_METHOD_HEAD) == 0) {
        s->answer(s->arg, url, &a);
        return reply(c, &a, NULL);
    }
    a.status = MHD_HTTP_METHOD_NOT_ALLOWED;
    a.body = xstrdup("only GET and HEAD\n");
    a.size = strlen(a.body);
    return reply(c, &a, "GET, HEAD");
}

/* ---- connections ---- */

/* Let the client's connection end: libmicrohttpd finds it closed. */
static void cut(struct client *client)
{
    client->cut = true;
    shutdown(client->fd, SHUT_RDWR);
}

static struct client *oldest(struct server *s)
{
    struct client *old = NULL;

    for (size_t i = 0; i < SERVER_CONNECTIONS; i++) {
        struct client *c = &s->client[i];

        if (c->since_ns && !c->cut && (!old || c->since_ns < old->since_ns))
            old = c;
    }
    return old;
}

static void welcome(struct server *s, struct MHD_Connection *c, void **socket)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

    for (size_t i = 0; i < SERVER_CONNECTIONS && info; i++) {
        struct client *client = &s->client[i];

        if (client->since_ns)
            continue;
        *client =
            (struct client){info->connect_fd, clock_monotonic_ns(), false};
        *socket = client;
        s->n_clients++;
        break;
    }
    s->full |= s->n_clients == SERVER_CONNECTIONS;
    if (s->n_clients > SERVER_CONNECTIONS / 2 && oldest(s))
        cut(oldest(s));
}

static void on_connection(void *arg, struct MHD_Connection *c, void **socket,
                          enum MHD_ConnectionNotificationCode what)
{
    struct server *s = arg;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        welcome(s, c, socket);
    } else if (*socket) {
        *(struct client *)*socket = (struct client){0};
        *socket = NULL;
        s->n_clients--;
    }
}

/* ---- the server ---- */

static int start(struct server *s, int fd, bool six, struct err *e)
{
    const union MHD_DaemonInfo *info;

    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | (six ? MHD_USE_IPv6 : 0u), 0, NULL, NULL, on_request, s,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)SERVER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)SERVER_REQUEST, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (!s->daemon) {
        close(fd);
        return err_set(e, ERR_SYSTEM, "libmicrohttpd cannot serve here");
    }
    info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return err_set(e, ERR_SYSTEM, "this libmicrohttpd has no epoll");
    s->fd = info->epoll_fd;
    return 0;
}

int server_open(struct server **out, const char *at, server_answer_fn answer,
                void *arg, struct err *e)
{
    struct addrinfo *a = resolve(at, e);
    struct server *s;
    int fd, rc;

    *out = NULL;
    if (!a)
        return -1;
    fd = listen_at(a);
    if (fd < 0) {
        err_sys(e, "cannot listen at %s", at);
        freeaddrinfo(a);
        return -1;
    }
    s = xcalloc(1, sizeof *s);
    s->answer = answer;
    s->arg = arg;
    name(s, fd);
    rc = start(s, fd, a->ai_family == AF_INET6, e);
    freeaddrinfo(a);
    if (rc < 0) {
        server_close(s);
        return -1;
    }
    *out = s;
    return 0;
}

const char *server_url(const struct server *s)
{
    return s->url;
}

bool server_is_local(const struct server *s)
{
    return s->local;
}

int server_fd(const struct server *s)
{
    return s->fd;
}

int server_timeout_ms(const struct server *s)
{
    MHD_UNSIGNED_LONG_LONG ms;

    if (s->full) /* libmicrohttpd looks who waits at its next run only */
        return 0;
    if (MHD_get_timeout(s->daemon, &ms) == MHD_YES && ms < 1000)
        return (int)ms;
    return s->n_clients ? 1000 : -1; /* to see who stays too long */
}

void server_run(struct server *s)
{
    int64_t now = clock_monotonic_ns();

    s->full = false;
    MHD_run(s->daemon);
    for (size_t i = 0; i < SERVER_CONNECTIONS; i++)
        if (s->client[i].since_ns && !s->client[i].cut &&
            now - s->client[i].since_ns > SERVER_LIFE_S * NS_PER_S)
            cut(&s->client[i]);
}

void server_close(struct server *s)
{
    if (!s)
        return;
    if (s->daemon)
        MHD_stop_daemon(s->daemon);
    free(s);
}
