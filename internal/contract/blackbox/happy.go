package blackbox

import (
	"fmt"
	"strings"
	"testing"
)

// happyPaths is one person's way through every route.
func happyPaths(t *testing.T, w *world) {
	ada := w.user(t, "ada")
	ada.get("/api/profile").want(200)
	ada.do("HEAD", "/api/profile", "", nil).want(200)

	r := ada.send("PATCH", "/api/profile", `{"displayName":"Ada Lovelace","bio":"Counts.\nWrites.","links":["https://example.org/ada"],`+
		`"address":{"city":"London","country":"GB"},"birthday":"1990-12-10","pronouns":"she/her","email":"ada@example.org"}`).want(200)
	if got := r.object(); got["displayName"] != "Ada Lovelace" || got["bio"] != "Counts.\nWrites." || got["birthday"] != "1990-12-10" {
		t.Errorf("PATCH answers %s", r.body)
	}
	before := r.header.Get("ETag")
	r = ada.do("PATCH", "/api/profile", "application/merge-patch+json", []byte(`{"bio":null,"address":{"city":""},"links":null}`), "If-Match", before).want(200)
	if got := r.object(); got["bio"] != nil || fmt.Sprint(got["links"]) != "[]" || got["address"].(map[string]any)["country"] != "GB" {
		t.Errorf("clearing answers %s", r.body)
	}
	ada.send("PATCH", "/api/profile", `{"bio":"late"}`, "If-Match", before).is(412, "stale")
	ada.send("PATCH", "/api/profile", `{"email":"not an address"}`).is(422, "invalid")
	w.user(t, "grace")
	ada.send("PATCH", "/api/profile", `{"username":"Grace"}`).is(409, "taken")
	w.client(t).send("POST", "/api/auth/register", fmt.Sprintf(`{"username":"hopper","email":"GRACE@example.org","password":%q}`, password)).is(409, "taken")

	url := ada.upload(1)
	ada.get(url).want(200)
	ada.get("/api/users/ada/picture?size=65").want(302)
	formType, body := form(t, field{"note", "", "x"}, field{"profile_picture", "../../me.html", string(photo(t, 2))})
	ada.do("PUT", "/api/profile/picture?crop=0,0,64", formType, body).want(200)
	formType, body = form(t, field{"profile_picture", "me.jpg", string(photo(t, 3))})
	r = ada.do("POST", "/upload-profile", formType, body).want(200)
	current := ada.get("/api/profile").want(200).object()
	if r.object()["imageUrl"] != current["profilePicture"] {
		t.Errorf("imageUrl is %v, profilePicture %v", r.object()["imageUrl"], current["profilePicture"])
	}
	ada.send("PUT", "/api/profile", fmt.Sprintf(`{"userId":%q,"username":"ada.l","email":"ada@example.org","profilePicture":%q}`,
		current["id"], current["profilePicture"])).want(200)
	ada.send("PUT", "/api/profile", `{"username":"ada","email":"ada@example.org","profilePicture":"https://evil.example/x.png"}`).is(422, "invalid")
	r = ada.send("PUT", "/api/profile", `{"username":"ada","email":"ada@example.org","profilePicture":null}`).want(200)
	if r.object()["profilePicture"] != nil {
		t.Errorf("null left the picture: %s", r.body)
	}
	ada.get("/api/users/ada/picture").want(200)
	ada.upload(4)
	ada.do("DELETE", "/api/profile/picture", "", nil).want(204)
	ada.do("DELETE", "/api/profile/picture", "", nil).want(204)
	ada.do("PUT", "/api/profile/picture", "image/png", []byte("<html>")).is(415, "unsupported_media_type")
	ada.do("PUT", "/api/profile/picture", "image/jpeg", photo(t, 5)[:200]).is(422, "picture_rejected")
	ada.do("PUT", "/api/profile/picture?crop=1,2", "image/jpeg", photo(t, 5)).is(400, "bad_parameter")
	ada.do("PUT", "/api/profile/picture", "multipart/form-data; boundary=x", []byte("--x--\r\n")).is(400, "bad_multipart")
	ada.get("/api/users/ada/picture?size=big").is(400, "bad_parameter")

	r = ada.get("/api/settings").want(200)
	r = ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"},"locale":"de-CH","timeZone":"UTC"}`, "If-Match", r.header.Get("ETag")).want(200)
	if !strings.Contains(string(r.body), `"theme":"dark"`) {
		t.Errorf("settings are %s", r.body)
	}
	ada.send("PATCH", "/api/settings", `{"notifications":{"security":{"email":false}}}`).is(422, "invalid")
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":null}}`, "If-Match", `"999"`).is(412, "stale")
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":null}}`, "If-Match", "*").want(200)

	r = ada.get("/api/activity?limit=100").want(200)
	kinds := map[any]bool{}
	for _, e := range r.items() {
		kinds[e["kind"]] = true
	}
	for _, k := range []string{"auth.registered", "profile.updated", "picture.changed", "picture.removed", "settings.changed"} {
		if !kinds[k] {
			t.Errorf("no event of kind %s in %v", k, kinds)
		}
	}
	for _, e := range ada.get("/api/activity?kind=picture.removed").want(200).items() {
		if e["kind"] != "picture.removed" {
			t.Errorf("kind is %v", e["kind"])
		}
	}
	leave(t, ada)
}

// leave is the end of the way: proofs, passwords, sessions.
func leave(t *testing.T, ada *client) {
	ada.send("POST", "/api/auth/reauthenticate", fmt.Sprintf(`{"password":%q}`, password)).want(204)
	ada.send("POST", "/api/auth/reauthenticate", `{"password":"wrong"}`).is(401, "invalid_credentials")
	second, third := ada.again(), ada.bearer()
	for _, s := range ada.get("/api/auth/sessions").want(200).items() {
		if s["current"] == false {
			ada.do("DELETE", "/api/auth/sessions/"+s["id"].(string), "", nil).want(204)
			break
		}
	}
	if a, b := second.get("/api/profile").status, third.get("/api/profile").status; a+b != 601 {
		t.Errorf("after one was ended the sessions answer %d and %d", a, b)
	}
	ada.do("DELETE", "/api/auth/sessions", "", nil).want(204)
	second.get("/api/profile").is(401, "unauthenticated")
	third.get("/api/profile").is(401, "unauthenticated")
	other := ada.again()
	ada.send("POST", "/api/auth/password", fmt.Sprintf(`{"currentPassword":%q,"newPassword":"another horse, another staple"}`, password)).want(204)
	ada.get("/api/profile").want(200)
	other.get("/api/profile").is(401, "unauthenticated")
	ada.w.client(t).send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q}`, password)).is(401, "invalid_credentials")
	ada.do("POST", "/api/auth/logout", "", nil).want(204)
	ada.get("/api/profile").is(401, "unauthenticated")
	ada.send("POST", "/api/auth/login", `{"login":"ADA@example.org","password":"another horse, another staple","remember":true}`).want(200)
	ada.get("/api/profile").want(200)
	ada.get("/default-avatar.png").want(200)
}
