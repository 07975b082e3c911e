package contract_test

import (
	"strings"
	"testing"
)

// TestAcceptedRequests: what the document forbids must not be answered as good.
func TestAcceptedRequests(t *testing.T) {
	v := validator(t)
	for _, c := range []struct{ id, contentType, path, body string }{
		{"register", "text/plain", "", ""},
		{"register", "", "", `{}`},
		{"register", "", "", `{"username":"ada","email":"ada@example.org","password":"an engine that weaves","role":"admin"}`},
		{"register", "", "", `{"username":"ada","email":"ada@example.org","password":"short"}`},
		{"register", "", "", `[]`},
		{"register", "", "", `{"username":"a b c","email":"ada@example.org","password":"an engine that weaves"}`},
		{"login", "", "", `{"login":"ada","password":"x","password":"y"}`},
		{"login", "", "", `{"login":"ada","password":"x","transport":"carrier"}`},
		{"login", "application/x-www-form-urlencoded", "", ""},
		{"login", "", "", `{"login":"ada"}`},
		{"reauthenticate", "", "", `{"password":""}`},
		{"reauthenticate", "", "", `null`},
		{"reauthenticate", "", "", `{"Password":"x"}`},
		{"reauthenticate", "text/json", "", ""},
		{"changePassword", "", "", `{"currentPassword":"x"}`},
		{"changePassword", "", "", `{"currentPassword":"x","newPassword":1}`},
		{"patchProfile", "", "", `{"role":"admin"}`},
		{"patchProfile", "", "", `{"emailVerified":true}`},
		{"patchProfile", "", "", `{"address":{"planet":"Earth"}}`},
		{"patchProfile", "", "", `{"links":["ftp://example.org"]}`},
		{"patchProfile", "application/json-patch+json", "", ""},
		{"patchProfile", "", "", `{"bio":7}`},
		{"putProfile", "application/merge-patch+json", "", ""},
		{"putProfile", "", "", `{"username":"ada"}`},
		{"putProfile", "", "", `{"username":"ada","email":"ada@example.org","id":"1"}`},
		{"putProfile", "", "", `{"userId":true,"username":"ada","email":"ada@example.org"}`},
		{"putPicture", "text/html", "", ""},
		{"putPicture", "", "/api/profile/picture?crop=1,2", ""},
		{"putPicture", "", "/api/profile/picture?crop=-1,2,3", ""},
		{"putPicture", "", "", strings.ReplaceAll(formBody, "profile_picture", "other")},
		{"putPicture", "", "", formBody[:len(formBody)-30]},
		{"getUserPicture", "", "/api/users/ada/picture?size=0", ""},
		{"getUserPicture", "", "/api/users/ada/picture?size=big", ""},
		{"getUserPicture", "", "/api/users/ada/picture?size=4097", ""},
		{"patchSettings", "", "", `{"theme":"dark"}`},
		{"patchSettings", "", "", `{"notifications":{"security":{"email":false}}}`},
		{"patchSettings", "", "", `{"appearance":{"fontScale":2}}`},
		{"patchSettings", "", "", `{"privacy":{"fields":{"role":"public"}}}`},
		{"listActivity", "", "/api/activity?limit=0", ""},
		{"listActivity", "", "/api/activity?limit=101", ""},
		{"listActivity", "", "/api/activity?limit=x", ""},
		{"listActivity", "", "/api/activity?kind=A%20B", ""},
		{"uploadProfile", "application/json", "", ""},
		{"uploadProfile", "image/jpeg", "", ""},
		{"uploadProfile", "", "", strings.ReplaceAll(formBody, "profile_picture", "file")},
	} {
		s := find(t, c.id)
		if c.contentType != "" {
			s.contentType = c.contentType
		}
		if c.path != "" {
			s.path = c.path
		}
		if c.body != "" {
			s.body = c.body
		}
		if v.Check(s.exchange(t)) == nil {
			t.Errorf("%s %s %s %s passes", c.id, c.contentType, c.path, c.body)
		}
	}
}
