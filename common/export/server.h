#ifndef EXPORT_SERVER_H
#define EXPORT_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/err.h"

/*
 * A small web server, through libmicrohttpd, in the caller's own loop: it has
 * no threads and never waits.
 *
 *     poll() server_fd(), for server_timeout_ms() at most; then server_run()
 *
 * It answers GET and HEAD and nothing else, one request a connection.  At most
 * SERVER_CONNECTIONS are open, each for SERVER_LIFE_S at most however slow the
 * client; while more come than that, the oldest is closed.  SIGPIPE must be
 * blocked or ignored.
 */
enum {
    SERVER_CONNECTIONS = 64,
    SERVER_LIFE_S = 10,
    SERVER_REQUEST = 8192, /* bytes of a request's line and headers, about */
};

/* What to answer: the status, and the body, on the heap. */
struct server_answer {
    unsigned status;
    const char *type; /* of the body */
    char *body;
    size_t size;
};

/* Fill in the answer to a request for `path`. */
typedef void (*server_answer_fn)(void *arg, const char *path,
                                 struct server_answer *answer);

struct server;

/*
 * Listen at "ADDR:PORT", numbers, of IPv6 "[ADDR]:PORT"; port 0: any that is
 * free.  Returns 0, or -1 with e filled: ERR_USAGE, ERR_SYSTEM with errno as
 * the system left it.
 */
int server_open(struct server **s, const char *at, server_answer_fn answer,
                void *arg, struct err *e);

const char *server_url(const struct server *s); /* "http://127.0.0.1:28283" */
bool server_is_local(const struct server *s);   /* only this machine gets in */
int server_fd(const struct server *s);
int server_timeout_ms(const struct server *s); /* -1: none */
void server_run(struct server *s);
void server_close(struct server *s); /* NULL is legal */

#endif
