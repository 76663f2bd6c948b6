#!/bin/sh
# Prints the path of a Chromium for the browser tests; installs Debian's where there is none and it may.
set -eu
for browser in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome; do
    if found=$(command -v "$browser"); then
        echo "$found"
        exit 0
    fi
done
if command -v apt-get >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if [ -z "$as_root" ] || $as_root true 2>/dev/null; then
        echo "Installing Chromium for the browser tests" >&2
        $as_root apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
            chromium fonts-dejavu-core >&2
        command -v chromium
        exit 0
    fi
fi
echo "The browser tests need Chromium: install it (Debian: apt-get install chromium) or name it: CHROMIUM=/path make test" >&2
exit 1
