package blackbox

import (
	"fmt"
	"testing"
	"time"
)

// deletion: an account that will be erased is there for nobody but who signs in
// with every factor, and they can only take it back.
func deletion(t *testing.T, w *world) {
	ada, of := w.owner(t, "ada")
	elsewhere, device := ada.again(), ada.bearer()
	bob := w.user(t, "bob")
	id := ada.get("/api/profile").want(200).object()["id"]
	bob.get("/api/users/ada").want(200)
	bob.get("/api/pictures/" + of.key).want(200)

	w.client(t).do("POST", "/api/profile/restore", "", nil).is(401, "unauthenticated")
	ada.do("POST", "/api/profile/restore", "", nil).is(401, "unauthenticated") // a full session is not that
	plan := ada.do("DELETE", "/api/profile", "", nil).want(202)
	at, err := time.Parse(time.RFC3339, fmt.Sprint(plan.object()["deletesAt"]))
	if days := time.Until(at).Hours() / 24; err != nil || days < 13.9 || days > 14.1 {
		t.Errorf("it will be erased at %v, in %.1f days: %v", at, days, err)
	}
	for _, c := range []*client{ada, elsewhere, device} {
		c.get("/api/profile").is(401, "unauthenticated")
		c.do("DELETE", "/api/profile", "", nil).is(401, "unauthenticated")
	}
	if ada.token() != "" {
		t.Error("the cookie is still there")
	}

	// To others it looks exactly like an account that never was.
	for _, c := range []*client{bob, w.client(t)} {
		for _, path := range []string{"/api/users/%s", "/api/users/%s/picture?size=64"} {
			gone, never := c.get(fmt.Sprintf(path, "ada")).want(404), c.get(fmt.Sprintf(path, "nobody")).want(404)
			if string(gone.body) != string(never.body) {
				t.Errorf("%s: %s, of one who never was: %s", path, gone.body, never.body)
			}
		}
		c.get("/api/pictures/"+of.key).is(404, "not_found")
	}
	// Name and address are not free, for it may come back.
	for _, body := range []string{`"username":"ada","email":"other@example.org"`, `"username":"other","email":"ada@example.org"`} {
		w.client(t).send("POST", "/api/auth/register", fmt.Sprintf(`{%s,"password":%q}`, body, password)).is(409, "taken")
	}
	ada.send("POST", "/api/auth/login", `{"login":"ada","password":"wrong"}`).is(401, "invalid_credentials")

	// The credential opens nothing else, and says nothing of the account.
	ada.deletionPending()
	for _, op := range w.v.Operations() {
		if op.Class == "in" || op.Class == "fresh" || op.Class == "half" {
			k := call{path: op.Path, method: op.Method}
			for _, good := range w.callsWith(t, of, nil) {
				if good.method == op.Method && sameShape(op.Path, good.path) {
					k = good
				}
			}
			ada.call(k).is(401, code(k, "unauthenticated"))
		}
	}
	back := ada.do("POST", "/api/profile/restore", "", nil).want(200).object()
	if back["status"] != "complete" || back["user"].(map[string]any)["id"] != id || back["user"].(map[string]any)["bio"] != "bio-of-ada" {
		t.Errorf("restored: %v", back)
	}
	ada.do("POST", "/api/profile/restore", "", nil).is(401, "unauthenticated")
	ada.get("/api/profile").want(200)
	elsewhere.get("/api/profile").is(401, "unauthenticated")
	bob.get("/api/users/ada").want(200)
	bob.get("/api/users/ada/picture?size=64").want(302)

	// Without cookies, and with a second factor. The link of the sign-up ended with the
	// account, so that it asks for another.
	ada.do("POST", "/api/auth/email/verify/resend", "", nil).want(202)
	a, _ := ada.enrol()
	ada.do("DELETE", "/api/profile", "", nil).want(202)
	half, in := ada.half(`,"transport":"bearer"`)
	half.header.Set("Authorization", "Bearer "+in.object()["token"].(string))
	half.do("POST", "/api/profile/restore", "", nil).is(401, "unauthenticated") // the password alone
	proved := half.send("POST", "/api/auth/mfa", second("totp", a.code(), `,"trustDevice":true`)).want(200).object()
	if proved["status"] != "deletion_pending" || proved["deviceToken"] != nil || proved["user"] != nil {
		t.Errorf("after the second factor: %v", proved)
	}
	half.do("POST", "/api/profile/restore", "", nil).is(401, "unauthenticated") // the token before is spent
	half.header.Set("Authorization", "Bearer "+proved["token"].(string))
	half.get("/api/profile").is(401, "unauthenticated")
	done := half.do("POST", "/api/profile/restore", "", nil).want(200).object()
	half.header.Set("Authorization", "Bearer "+done["token"].(string))
	half.get("/api/profile").want(200)
}
