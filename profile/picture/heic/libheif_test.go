package heic

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// TestP49_TheKnownModule: what runs is what libheif/README.md says it is.
func TestP49_TheKnownModule(t *testing.T) {
	const want = "3634a6447ea3915633667f39e01ff540a60f4e2f837a8391d044d76dfd8a0435"
	sum := sha256.Sum256(libheif)
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("the module has the SHA-256 %s; want %s", got, want)
	}
}
