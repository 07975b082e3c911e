package main

import (
	"strings"
	"testing"
)

// TestAddressesAreRefusedWithoutSecrets: one line that names what is wrong,
// and nothing of the address that could be a secret.
func TestAddressesAreRefusedWithoutSecrets(t *testing.T) {
	const secret = "hunter2hunter2"
	keys := []string{"AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_REGION=eu-central-1"}
	clean := []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_REGION=", "GOOGLE_APPLICATION_CREDENTIALS=", "STORAGE_EMULATOR_HOST="}
	for name, c := range map[string]struct {
		address string
		env     []string
		want    string
	}{
		"unknown scheme":       {"ftp://u:" + secret + "@example.org", nil, `no store for the scheme "ftp"`},
		"no address":           {"cloudinary://key:" + secret + "/@cloud", nil, "not an address"},
		"S3 without region":    {"s3://bucket", keys[:2], "AWS_REGION"},
		"S3 without key":       {"s3://bucket?region=eu-central-1", nil, "AWS_SECRET_ACCESS_KEY"},
		"S3 with a key in it":  {"s3://id:" + secret + "@bucket", keys, "AWS_SECRET_ACCESS_KEY"},
		"S3 without bucket":    {"s3:///pictures", keys, "s3://bucket"},
		"S3 misspelt":          {"s3://bucket?pubilc=https://cdn.example.org", keys, "region, endpoint, public, style"},
		"S3 twice":             {"s3://bucket?region=a&region=b", keys, "region is given twice"},
		"S3 endpoint":          {"s3://bucket?endpoint=https://u:" + secret + "@example.org", keys, "endpoint"},
		"S3 style":             {"s3://bucket?style=" + secret, keys, "style is path or host"},
		"S3 public":            {"s3://bucket?public=" + secret, keys, "PublicBase"},
		"S3 prefix":            {"s3://bucket/Pictures", keys, "Prefix"},
		"Firebase no bucket":   {"firebase:///pictures", nil, "firebase://bucket"},
		"Firebase parameters":  {"gs://bucket?key=" + secret, nil, "no parameters"},
		"Firebase credentials": {"firebase://bucket", []string{"GOOGLE_APPLICATION_CREDENTIALS=/none/" + secret}, "GOOGLE_APPLICATION_CREDENTIALS"},
		"Firebase token":       {"firebase://bucket", []string{"STORAGE_EMULATOR_HOST=127.0.0.1:1", "FIREBASE_TOKEN_KEY=short"}, "16 bytes"},
		"Cloudinary no secret": {"cloudinary://key@cloud", nil, "secret"},
		"Cloudinary unescaped": {"cloudinary://key:1?" + secret + "@cloud", nil, "folder, public, api, delivery"},
		"Cloudinary public":    {"cloudinary://key:" + secret + "@cloud?public=" + secret, nil, "public is true or false"},
		"Cloudinary fragment":  {"cloudinary://key:1#" + secret + "@cloud", nil, "question mark"},
		"folder on a host":     {"file://pictures", nil, "file:///var/lib/pictures"},
	} {
		t.Run(name, func(t *testing.T) {
			env := append(append(clean, c.env...), "BLOB_URL="+c.address)
			out, errs, code := command(t, env, "-addr", "127.0.0.1:0", "-data", t.TempDir())
			if code != 1 || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "cloud: ") {
				t.Errorf("%d %q %q, want %q", code, out, errs, c.want)
			}
			if strings.Contains(out+errs, secret) || strings.Contains(out+errs, "short") {
				t.Errorf("told a secret: %s%s", out, errs)
			}
		})
	}
}

// TestCopyFlags: what cannot be meant is refused before anything is opened.
func TestCopyFlags(t *testing.T) {
	a, b := "file://"+t.TempDir(), "file://"+t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want string
		code int
	}{
		"help":        {[]string{"-help"}, "restart the program with BLOB_URL", 0},
		"nothing":     {nil, "-from and -to", 1},
		"no to":       {[]string{"-from", a}, "-from and -to", 1},
		"same":        {[]string{"-from", a, "-to", a}, "same store", 1},
		"words":       {[]string{"-from", a, "-to", b, "now"}, "flags only", 1},
		"parallel":    {[]string{"-from", a, "-to", b, "-parallel", "0"}, "1 to 64", 1},
		"unknown":     {[]string{"-fast"}, "-fast", 1},
		"no database": {[]string{"-from", a, "-to", b, "-data", t.TempDir()}, "no database", 1},
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, code := command(t, nil, append([]string{"copy"}, c.args...)...)
			if code != c.code || !strings.Contains(errs, c.want) {
				t.Errorf("%d %q %q, want %q", code, out, errs, c.want)
			}
		})
	}
}
