package cloudtest

import (
	"net/http"
	"testing"
)

// The servers answer and keep strangers out.
func TestServersAnswer(t *testing.T) {
	s := S3(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.Endpoint+"/bucket", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("anonymous bucket: status %d, want 403", resp.StatusCode)
	}
	resp, err = http.Get(GCS(t) + "/storage/v1/b/none")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("bucket that is not there: status %d, want 404", resp.StatusCode)
	}
	if again := S3(t); again != s {
		t.Error("a second call started another server")
	}
}
