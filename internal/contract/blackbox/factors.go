package blackbox

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/softkey"
)

// app is somebody's authenticator app.
type app struct {
	t    *testing.T
	seed []byte
	// used is the last time step that was shown: each code works once.
	used int64
}

// code is one that was not used yet, of this time step or the next.
func (a *app) code() string {
	a.used = max(a.used+1, time.Now().Unix()/30)
	mac := hmac.New(sha1.New, a.seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(a.used)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// begin starts to add an app.
func (c *client) begin() *app {
	c.t.Helper()
	c.readsMail()
	r := c.send("POST", "/api/auth/mfa/totp", `{"name":"Phone"}`).want(200).object()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(r["secret"].(string))
	if err != nil || !strings.HasPrefix(r["qr"].(string), "data:image/png;base64,") || !strings.Contains(r["uri"].(string), r["secret"].(string)) {
		c.t.Fatalf("%v: %v", r, err)
	}
	return &app{t: c.t, seed: seed}
}

// enrol adds an app, and returns the recovery codes too.
func (c *client) enrol() (*app, []any) {
	c.t.Helper()
	a := c.begin()
	r := c.send("POST", "/api/auth/mfa/totp/confirm", `{"code":"`+a.code()+`"}`).want(200).object()
	return a, r["recoveryCodes"].([]any)
}

// half is the same user on another device, whose password was right.
func (c *client) half(more string) (*client, reply) {
	c.t.Helper()
	b := c.w.client(c.t)
	b.name = c.name
	r := b.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":%q,"password":%q%s}`, c.name, password, more)).want(200)
	if r.object()["status"] != "mfa_required" || r.object()["user"] != nil {
		c.t.Errorf("login answers %s", r.body)
	}
	return b, r
}

// leaving signs in to an account that will be erased.
func (c *client) deletionPending() {
	c.t.Helper()
	r := c.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":%q,"password":%q}`, c.name, password)).want(200).object()
	if at, err := time.Parse(time.RFC3339, fmt.Sprint(r["deletesAt"])); r["status"] != "deletion_pending" || err != nil || !at.After(time.Now()) {
		c.t.Errorf("login to an account that will be erased answers %v", r)
	}
}

func second(method, code, more string) string {
	return fmt.Sprintf(`{"method":%q,"code":%q%s}`, method, code, more)
}

const phone = "+41791234567"

// addPhone proves a phone number, which is a second factor then.
func (c *client) addPhone() {
	c.t.Helper()
	c.readsMail()
	c.send("POST", "/api/auth/mfa/phone", `{"phone":"`+phone+`"}`).want(202)
	c.send("POST", "/api/auth/mfa/phone/confirm", `{"code":"`+c.w.Code(c.t, "phone", phone)+`"}`).want(200)
}

// answerPasskey begins a ceremony and returns the body that finishes it.
func (c *client) answerPasskey(ceremony, body, more string, answer func([]byte) []byte) []byte {
	c.t.Helper()
	begun := c.send("POST", "/api/auth/passkeys/"+ceremony+"/begin", body).want(200).object()
	options, err := json.Marshal(begun["publicKey"])
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"state":%q,"credential":%s%s}`, begun["state"], answer(options), more)
}

// addPasskey adds a passkey to the client's account.
func (c *client) addPasskey() *softkey.Key {
	c.t.Helper()
	c.readsMail()
	key := softkey.New(c.w.URL)
	c.send("POST", "/api/auth/passkeys/register/finish", string(c.answerPasskey("register", "", `,"name":"Phone"`, key.Create))).want(201)
	return key
}

// ready makes what the call needs to be a good one of c's, and returns who then
// sends what.
func (w *world) ready(c *client, k call) (*client, call) {
	switch {
	case k.path == "/api/auth/mfa" && k.method == "POST":
		a, _ := c.enrol()
		c, _ = c.half("")
		k.body = []byte(second("totp", a.code(), ""))
	case strings.HasSuffix(k.path, "/profile/restore"):
		c.do("DELETE", "/api/profile", "", nil).want(202)
		c.deletionPending()
	case strings.HasSuffix(k.path, "/auth/reauthenticate/challenge"):
		c.addPhone()
	case strings.HasSuffix(k.path, "/auth/mfa/challenge"):
		c.addPhone()
		c, _ = c.half("")
	case strings.HasSuffix(k.path, "/auth/mfa/recovery"):
		c.enrol()
		c, _ = c.half("")
	case strings.HasSuffix(k.path, "/auth/mfa/recovery/confirm"):
		c.enrol()
		c, _ = c.half("")
		c.do("POST", "/api/auth/mfa/recovery", "", nil).want(202)
		k.body = []byte(tokenBody(w.Token(c.t, "factor_recovery", c.name+"@example.org")))
	case strings.HasSuffix(k.path, "/auth/proof/mail"):
		c.readsMail()
	case strings.HasSuffix(k.path, "/auth/proof/mail/confirm"):
		k.body = []byte(`{"code":"` + c.readsMail().mailCode() + `"}`)
	case strings.HasSuffix(k.path, "/auth/proof/wait"):
		c.readsMail()
		if k.method == "DELETE" {
			c.do("POST", "/api/auth/proof/wait", "", nil).want(202)
		}
	case strings.HasSuffix(k.path, "/auth/mfa/totp"), strings.HasSuffix(k.path, "/auth/mfa/phone"), strings.HasSuffix(k.path, "/auth/mfa/email"),
		strings.HasSuffix(k.path, "/auth/passkeys/register/begin"):
		c.readsMail()
	case strings.HasSuffix(k.path, "/auth/mfa/phone/confirm"):
		c.readsMail()
		c.send("POST", "/api/auth/mfa/phone", `{"phone":"`+phone+`"}`).want(202)
		k.body = []byte(`{"code":"` + w.Code(c.t, "phone", phone) + `"}`)
	case strings.HasSuffix(k.path, "/auth/mfa/email/confirm"):
		c.readsMail()
		c.do("POST", "/api/auth/mfa/email", "", nil).want(202)
		k.body = []byte(`{"code":"` + w.Code(c.t, "phone", c.name+"@example.org") + `"}`)
	case strings.HasSuffix(k.path, "/auth/mfa/totp/confirm"):
		k.body = []byte(`{"code":"` + c.begin().code() + `"}`)
	case strings.HasSuffix(k.path, "/auth/mfa/recovery-codes"):
		c.enrol()
	case strings.HasSuffix(k.path, "/auth/passkeys/login/finish"):
		key := c.addPasskey()
		c = w.client(c.t)
		k.body = c.answerPasskey("login", `{}`, "", key.Get)
	case strings.HasSuffix(k.path, "/auth/passkeys/register/finish"):
		c.readsMail()
		k.body = c.answerPasskey("register", "", `,"name":"Phone"`, softkey.New(w.URL).Create)
	case strings.HasPrefix(k.path, "/api/auth/passkeys/") && k.method != "POST":
		c.addPasskey()
		k.path = "/api/auth/passkeys/" + c.get("/api/auth/mfa").want(200).object()["factors"].([]any)[0].(map[string]any)["id"].(string)
	case strings.HasPrefix(k.path, "/api/auth/mfa/") && k.method == "DELETE":
		c.enrol()
		k.path = "/api/auth/mfa/" + c.get("/api/auth/mfa").want(200).object()["factors"].([]any)[0].(map[string]any)["id"].(string)
	case strings.HasSuffix(k.path, "/complete"):
		k.path = "/api/profile/picture/direct/" + c.sendDirectly(photo(c.t, 6)) + "/complete"
	case strings.HasPrefix(k.path, "/api/auth/devices/"):
		a, _ := c.enrol()
		c, _ = c.half("")
		c.send("POST", "/api/auth/mfa", second("totp", a.code(), `,"trustDevice":true`)).want(200)
		k.path = "/api/auth/devices/" + c.get("/api/auth/devices").want(200).items()[0]["id"].(string)
	}
	return c, k
}

// secondFactor is the way through a second factor, and what does not lead
// around it.
func secondFactor(t *testing.T, w *world) {
	ada := w.user(t, "ada")
	elsewhere := ada.again()
	if got := ada.get("/api/auth/mfa").want(200).object(); len(got["factors"].([]any)) != 0 || got["recoveryCodesLeft"] != 0.0 {
		t.Errorf("before: %v", got)
	}
	ada.do("POST", "/api/auth/mfa/recovery-codes", "", nil).is(404, "not_found")
	old := ada.token()
	a, codes := ada.enrol()
	if len(codes) != 10 || ada.token() == old {
		t.Errorf("%d recovery codes, a new cookie: %v", len(codes), ada.token() != old)
	}
	elsewhere.get("/api/profile").is(401, "unauthenticated")
	list := ada.get("/api/auth/mfa").want(200)
	if strings.Contains(string(list.body), base32.StdEncoding.EncodeToString(a.seed)) || list.object()["recoveryCodesLeft"] != 10.0 {
		t.Errorf("the list is %s", list.body)
	}

	// S21: the half credential opens nothing else, and the full one not this.
	half, _ := ada.half("")
	for _, op := range w.v.Operations() {
		if op.Class != "in" && op.Class != "fresh" {
			continue
		}
		half.do(op.Method, strings.NewReplacer("{id}", "x", "{key}", "x", "{username}", "ada").Replace(op.Path), "", nil).is(401, code(call{path: op.Path}, "unauthenticated"))
	}
	ada.send("POST", "/api/auth/mfa", second("totp", a.code(), "")).is(401, "unauthenticated")

	code := a.code()
	half.send("POST", "/api/auth/mfa", second("totp", "000000", "")).is(422, "invalid_code")
	half.send("POST", "/api/auth/mfa", second("sms", code, "")).is(422, "invalid_code")
	half.send("POST", "/api/auth/mfa", `{"method":"totp"}`).is(422, "invalid")
	half.send("POST", "/api/auth/mfa", second("recovery_code", codes[0].(string), `,"trustDevice":true`)).want(200)
	half.get("/api/profile").want(200)
	half.send("POST", "/api/auth/mfa", second("recovery_code", codes[1].(string), "")).is(401, "unauthenticated")

	// The device is known from now on, also after a sign-out.
	half.do("POST", "/api/auth/logout", "", nil).want(204)
	r := half.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q}`, password)).want(200)
	if r.object()["status"] != "complete" {
		t.Errorf("on a trusted device login answers %s", r.body)
	}
	half.send("POST", "/api/auth/reauthenticate", fmt.Sprintf(`{"password":%q}`, password)).is(422, "invalid")
	half.send("POST", "/api/auth/reauthenticate", second("recovery_code", codes[2].(string), "")).want(204)
	half.send("POST", "/api/auth/reauthenticate", second("recovery_code", codes[2].(string), "")).is(422, "invalid_code")

	// Without cookies.
	bearer, in := ada.half(`,"transport":"bearer"`)
	bearer.header.Set("Authorization", "Bearer "+in.object()["token"].(string))
	bearer.get("/api/profile").is(401, "unauthenticated")
	done := bearer.send("POST", "/api/auth/mfa", second("recovery_code", codes[3].(string), `,"trustDevice":true`)).want(200).object()
	bearer.header.Set("Authorization", "Bearer "+done["token"].(string))
	bearer.get("/api/profile").want(200)
	r = w.client(t).send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q,"transport":"bearer","deviceToken":%q}`, password, done["deviceToken"])).want(200)
	if r.object()["status"] != "complete" {
		t.Errorf("with its token login answers %s", r.body)
	}
	if n := len(ada.get("/api/auth/devices").want(200).items()); n != 2 {
		t.Errorf("%d devices", n)
	}
	id := ada.get("/api/auth/mfa").want(200).object()["factors"].([]any)[0].(map[string]any)["id"].(string)
	ada.do("DELETE", "/api/auth/mfa/"+id, "", nil).want(204)
	bearer.get("/api/profile").is(401, "unauthenticated")
	ada.again().get("/api/profile").want(200)
}
