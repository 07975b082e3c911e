package firebaseblob_test

import (
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/firebaseblob"
)

// TestOpenerRefusesWithoutSecrets: one line that names what is wrong, and nothing of the
// address or of a variable that could be a secret.
func TestOpenerRefusesWithoutSecrets(t *testing.T) {
	const secret = "hunter2hunter2"
	for name, c := range map[string]struct {
		address, emulator, credentials, token, want string
	}{
		"no bucket":        {address: "firebase:///pictures", want: "firebase://bucket"},
		"parameters":       {address: "gs://bucket?key=" + secret, want: "gs:// has no parameters"},
		"with a key in it": {address: "gs://id:" + secret + "@bucket", want: "credentials are in GOOGLE_APPLICATION_CREDENTIALS"},
		"fragment":         {address: "gs://bucket#" + secret, want: "question mark"},
		"no credentials":   {address: "firebase://bucket", credentials: "/none/" + secret, want: "GOOGLE_APPLICATION_CREDENTIALS"},
		"short token key":  {address: "firebase://bucket", emulator: "127.0.0.1:1", token: "hunter2", want: "16 bytes"},
		"prefix":           {address: "firebase://bucket/Pictures", emulator: "127.0.0.1:1", want: "Prefix"},
	} {
		t.Setenv("STORAGE_EMULATOR_HOST", c.emulator)
		t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", c.credentials)
		t.Setenv("FIREBASE_TOKEN_KEY", c.token)
		s, done, err := blobs.Open(t.Context(), c.address, firebaseblob.Opener{})
		if err == nil || s != nil || done != nil {
			t.Errorf("%s: %v, %v; want an error alone", name, s, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, c.want) || strings.Contains(text, "hunter2") || strings.Contains(text, "\n") {
			t.Errorf("%s: %v; want %q and no secret", name, err, c.want)
		}
	}
}

// TestOpenerOpens: the store of an address is the one that New makes. Its client can be
// closed.
func TestOpenerOpens(t *testing.T) {
	g := newGoogle(t)
	name := bucket(t, g.client(t, "")).BucketName()
	t.Setenv("STORAGE_EMULATOR_HOST", g.URL)
	env := func(string) string { return string(tokenKey) }
	for _, scheme := range []string{"gs://", "firebase://"} {
		s, done, err := blobs.Open(t.Context(), scheme+name+"/some/pictures", firebaseblob.Opener{Env: env})
		if err != nil {
			t.Fatal(err)
		}
		key := strings.TrimSuffix(scheme, "://") + ".jpg"
		if err := s.Put(t.Context(), key, strings.NewReader("x"), storage.Meta{ContentType: "image/jpeg"}); err != nil {
			t.Error(err)
		}
		same := open(t, g.client(t, "").Bucket(name), firebaseblob.Options{Prefix: "some/pictures/", TokenKey: tokenKey})
		if got, err := content(t, same, key); got != "x" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		if p, ok := storage.As[storage.PublicURLer](s); !ok || p.PublicURL(key) != same.PublicURL(key) {
			t.Error("the store has not the token address of the variable")
		}
		if err := done(); err != nil {
			t.Error(err)
		}
	}
}
