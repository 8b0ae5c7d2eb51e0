# make install, uninstall, and packages: every installed file, as FROM:TO below
# $(PREFIX).
# systemd, sysusers, tmpfiles and udev look below /usr/local/lib as well.

SHARE   := share/decode-rapl
SYSTEMD := rapl-sample.service:lib/systemd/system/rapl-sample.service \
           rapl-export.service:lib/systemd/system/rapl-export.service \
           sysusers.conf:lib/sysusers.d/decode-rapl.conf \
           tmpfiles.conf:lib/tmpfiles.d/decode-rapl.conf \
           powercap.rules:lib/udev/rules.d/70-decode-rapl.rules
PLACED  := $(foreach f,$(BIN),$f:bin/$(notdir $f)) \
           $(foreach f,$(wildcard doc/man/*.1),$f:share/man/man1/$(notdir $f)) \
           $(foreach f,$(wildcard doc/man/*.7),$f:share/man/man7/$(notdir $f)) \
           $(foreach f,$(wildcard configs/*.yaml checkpoints/*),$f:$(SHARE)/$f) \
           $(SYSTEMD:%=pipelines/systemd/%) \
           $(foreach f,$(wildcard pipelines/monitoring/*),$f:$(SHARE)/monitoring/$(notdir $f)) \
           $(foreach f,README.md NEWS LICENSE $(wildcard doc/*.md),\
           $f:share/doc/decode-rapl/$(notdir $f))

# What each program says that shells complete; where zsh looks differs.
ZSHDIR     ?= share/zsh/site-functions
COMPLETION := $(foreach t,$(TOOLS),share/bash-completion/completions/$t:bash:$t \
              $(ZSHDIR)/_$t:zsh:$t share/fish/vendor_completions.d/$t.fish:fish:$t)

install: all                    ## into $(DESTDIR)$(PREFIX)
	$(Q)for f in $(PLACED); do \
	case $$f in *:bin/*) mode=755 ;; *) mode=644 ;; esac; \
	install -D -m $$mode "$${f%%:*}" "$(DESTDIR)$(PREFIX)/$${f#*:}" || exit 1; \
	done
	$(Q)sed -i 's|@BINDIR@|$(PREFIX)/bin|' \
	"$(DESTDIR)$(PREFIX)"/lib/systemd/system/rapl-*.service
	$(Q)cd "$(DESTDIR)$(PREFIX)" && for f in $(COMPLETION); do \
	to=$${f%%:*} of=$${f#*:} && install -d "$${to%/*}" && \
	"bin/$${of#*:}" --completion "$${of%:*}" >"$$to" && chmod 644 "$$to" || exit 1; \
	done

uninstall:                      ## take away what install put there
	$(Q)cd "$(DESTDIR)$(PREFIX)" && rm -f $(foreach f,$(PLACED),\
	$(lastword $(subst :, ,$f))) $(foreach f,$(COMPLETION),\
	$(firstword $(subst :, ,$f))) && for d in $(SHARE)/configs \
	$(SHARE)/checkpoints $(SHARE)/monitoring $(SHARE) share/doc/decode-rapl; do \
	[ ! -d $$d ] || rmdir $$d || exit 1; done

deb rpm:                        ## packages for Debian, for Fedora
	$(Q)sh pipelines/$@/build build/$@
check-packages:                 ## they build, install and run (some minutes)
	$(Q)BUILD="$(abspath $(BUILD))" prove -v -e '' tests/packages/*.t

.PHONY: install uninstall deb rpm check-packages
