#!/bin/sh
# Brings the files of this folder from the Go module that publishes them, whose
# checksum the go command looks up.
set -eu
cd "$(dirname "$0")"
from=$(GOWORK=off go mod download -json github.com/gen2brain/heic@v0.4.5 | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
install -m 644 "$from/lib/heif.wasm.gz" "$from/lib/LICENSE.libheif" "$from/lib/LICENSE.libde265" .
install -m 644 "$from/LICENSE" LICENSE.gen2brain
sha256sum heif.wasm.gz
