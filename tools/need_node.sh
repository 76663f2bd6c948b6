#!/bin/sh
# Succeeds where a node of version 20 or newer and npm can be run; $1 is a folder to look into as well.
PATH="$1:$PATH"
command -v npm >/dev/null 2>&1 || exit 1
node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)' 2>/dev/null
