#!/bin/sh
# Fails when steer_widget/static is not what js/ builds. Leaves the freshly built files in place.
set -eu
cd "$(dirname "$0")/.."
before=$(cat steer_widget/static/* | cksum)
(cd js && npm run --silent build >/dev/null)
if [ "$before" != "$(cat steer_widget/static/* | cksum)" ]; then
    echo "steer_widget/static was stale and has been built anew: commit it" >&2
    exit 1
fi
