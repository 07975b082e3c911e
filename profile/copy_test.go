package profile_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
)

// exportedProfile is profile.json of a copy of u.
func exportedProfile(t *testing.T, u profile.User) string {
	t.Helper()
	m := memstore.New()
	u, err := m.Users().Create(t.Context(), u)
	if err != nil {
		t.Fatal(err)
	}
	e, err := profile.NewExporter(profile.ExporterConfig{Users: m.Users(), Tx: m, LimitStore: m.Limits()})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.Export(t.Context(), profile.Caller{User: u, ProvedAt: time.Now()}, &b); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("profile.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(f); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestACopyHasEveryField: what is in the profile of a person is in the copy, under the
// name of the HTTP contract.
func TestACopyHasEveryField(t *testing.T) {
	without := map[string]string{
		"Disabled":  "nobody disabled gets a copy",
		"DeletesAt": "nobody leaving gets a copy",
		"Version":   "is no fact of the person",
		"Adopted":   "is how the account came here, no fact of the person",
		"Picture":   "its bytes are a file; its address and placeholder are looked at below",
	}
	var u profile.User
	fill(t, &u)
	u.Username, u.Email = "ada", "ada@example.org"
	u.Disabled, u.DeletesAt = false, time.Time{}
	text := exportedProfile(t, u)
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	s := reflect.ValueOf(u)
	for i := range s.NumField() {
		name := s.Type().Field(i).Name
		if _, ok := without[name]; ok {
			continue
		}
		key := strings.ToLower(name[:1]) + name[1:]
		if name == "ID" {
			key = "id"
		}
		var want any
		raw, err := json.Marshal(s.Field(i).Interface())
		if err == nil {
			err = json.Unmarshal(raw, &want)
		}
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "ID", "CreatedAt", "UpdatedAt": // of the store's choice
			if v, ok := got[key].(string); !ok || v == "" {
				t.Errorf("%s is %v", key, got[key])
			}
		default:
			if !reflect.DeepEqual(got[key], want) {
				t.Errorf("%s is %v in the copy, want %v", key, got[key], want)
			}
		}
		delete(got, key)
	}
	if got["profilePicture"] != u.Picture.URL || got["picturePlaceholder"] != u.Picture.Placeholder || len(got) != 2 {
		t.Errorf("the copy has beside them %v", got)
	}
	if bare := exportedProfile(t, profile.User{Username: "bare", Email: "bare@example.org"}); strings.Contains(bare, `""`) || strings.Contains(bare, "null") {
		t.Errorf("a copy tells of what is not there: %s", bare)
	}
}
