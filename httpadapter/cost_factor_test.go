package httpadapter_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
)

// authenticator is somebody's app.
type authenticator struct {
	w    *world
	seed []byte
	used int64
}

// code is one of this time step or the next that was not used yet.
func (a *authenticator) code() string {
	a.used = max(a.used+1, a.w.clock.Now().Unix()/30)
	mac := hmac.New(sha1.New, a.seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(a.used)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// readsMail has the client's session prove the mailbox: by the link of the sign-up, or by a
// code once the address is proved.
func (c *client) readsMail() *client {
	t := c.w.t
	t.Helper()
	address, _ := c.get("/api/profile").want(t, 200).json(t)["email"].(string)
	proofs := c.get("/api/auth/proof").want(t, 200).json(t)
	have, _ := proofs["have"].([]any)
	switch {
	case proofs["state"] == "newcomer":
		c.follows(address)
	case proofs["state"] == "mailbox" && !slices.Contains(have, any("mailbox")):
		c.send("POST", "/api/auth/proof/mail/confirm", `{"code":"`+c.mailCode()+`"}`).want(t, c.provedStatus())
	}
	return c
}

// follows has the client's session follow the link of the sign-up with the address.
func (c *client) follows(address string) {
	c.w.t.Helper()
	c.send("POST", "/api/auth/email/verify", `{"token":"`+c.w.mail.token(c.w.t, authmail.Verify, address)+`"}`).want(c.w.t, c.provedStatus())
}

// provedStatus is that of a proof which says nothing but the new token: a program gets it in
// the body.
func (c *client) provedStatus() int {
	if c.bearer {
		return 200
	}
	return 204
}

// mailCode asks for a code that proves the mailbox, and returns it.
func (c *client) mailCode() string {
	c.w.t.Helper()
	c.do("POST", "/api/auth/proof/mail", "", nil).want(c.w.t, 202)
	return c.w.mail.code()
}

func (w *world) beginApp(c *client) *authenticator {
	w.t.Helper()
	c.readsMail()
	secret, _ := c.send("POST", "/api/auth/mfa/totp", `{}`).want(w.t, 200).json(w.t)["secret"].(string)
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		w.t.Fatal(err)
	}
	return &authenticator{w: w, seed: seed}
}

// enrol gives the client's user an app and recovery codes.
func (w *world) enrol(c *client) (a *authenticator, codes []any) {
	w.t.Helper()
	a = w.beginApp(c)
	codes, _ = c.send("POST", "/api/auth/mfa/totp/confirm", `{"code":"`+a.code()+`"}`).want(w.t, 200).json(w.t)["recoveryCodes"].([]any)
	return a, codes
}

// guarded is a member with an app and recovery codes.
func (s *spied) guarded() (c *client, name string, a *authenticator, codes []any) {
	s.t.Helper()
	c, name = s.member()
	a, codes = s.enrol(c)
	return c, name, a, codes
}

// lost is an unfinished sign-in of somebody with an app and a proved address.
func (s *spied) lost() (half *client, name string) {
	s.t.Helper()
	c, name := s.member()
	s.enrol(c)
	s.clock.advance(time.Second)
	return s.half(name), name
}

func answer(method string, code any, more string) string {
	return fmt.Sprintf(`{"method":%q,"code":%q%s}`, method, code, more)
}

// half is a new client of the user, whose password was right.
func (w *world) half(name string) *client {
	w.t.Helper()
	c := w.client()
	c.send("POST", "/api/auth/login", login(name, password)).want(w.t, 200)
	return c
}

func factorRequests() []request {
	return []request{
		{"POST /api/auth/login", "with a second factor", 200, func(s *spied) func() reply {
			_, name, _, _ := s.guarded()
			c := s.client()
			return func() reply { return c.send("POST", "/api/auth/login", login(name, password)) }
		}, cost{10, 1}, cost{10, 1}},
		{"POST /api/auth/mfa", "the right code", 200, func(s *spied) func() reply {
			_, name, a, _ := s.guarded()
			c := s.half(name)
			return func() reply { return c.send("POST", "/api/auth/mfa", answer("totp", a.code(), "")) }
		}, cost{10, 1}, cost{11, 1}},
		{"POST /api/auth/mfa", "the right code on a device to trust", 200, func(s *spied) func() reply {
			_, name, a, _ := s.guarded()
			c := s.half(name)
			return func() reply { return c.send("POST", "/api/auth/mfa", answer("totp", a.code(), `,"trustDevice":true`)) }
		}, cost{12, 1}, cost{14, 1}},
		{"POST /api/auth/mfa", "a recovery code", 200, func(s *spied) func() reply {
			_, name, _, codes := s.guarded()
			c := s.half(name)
			return func() reply { return c.send("POST", "/api/auth/mfa", answer("recovery_code", codes[0], "")) }
		}, cost{11, 1}, cost{12, 1}},
		{"POST /api/auth/mfa", "a wrong code", 422, func(s *spied) func() reply {
			_, name, _, _ := s.guarded()
			c := s.half(name)
			return func() reply { return c.send("POST", "/api/auth/mfa", answer("totp", "no code", "")) }
		}, cost{5, 0}, cost{5, 0}},
		{"POST /api/auth/reauthenticate", "the second factor", 204, func(s *spied) func() reply {
			c, _, a, _ := s.guarded()
			return func() reply { return c.send("POST", "/api/auth/reauthenticate", answer("totp", a.code(), "")) }
		}, cost{9, 1}, cost{10, 1}},
		{"POST /api/auth/mfa/recovery", "begun", 202, func(s *spied) func() reply {
			half, _ := s.lost()
			return func() reply { return half.do("POST", "/api/auth/mfa/recovery", "", nil) }
		}, cost{11, 1}, cost{13, 1}},
		{"POST /api/auth/mfa/recovery", "again", 202, func(s *spied) func() reply {
			half, _ := s.lost()
			half.do("POST", "/api/auth/mfa/recovery", "", nil).want(s.t, 202)
			return func() reply { return half.do("POST", "/api/auth/mfa/recovery", "", nil) }
		}, cost{11, 1}, cost{12, 1}},
		{"POST /api/auth/mfa/recovery/confirm", "too early", 409, func(s *spied) func() reply {
			half, name := s.lost()
			half.do("POST", "/api/auth/mfa/recovery", "", nil).want(s.t, 202)
			token := s.mail.token(s.t, authmail.FactorRecovery, name+"@example.org")
			return func() reply { return half.send("POST", "/api/auth/mfa/recovery/confirm", `{"token":"`+token+`"}`) }
		}, cost{4, 0}, cost{4, 0}},
		{"POST /api/auth/mfa/recovery/confirm", "due", 204, func(s *spied) func() reply {
			half, name := s.lost()
			half.do("POST", "/api/auth/mfa/recovery", "", nil).want(s.t, 202)
			token := s.mail.token(s.t, authmail.FactorRecovery, name+"@example.org")
			s.clock.advance(auth.RecoveryWait)
			half = s.half(name)
			return func() reply { return half.send("POST", "/api/auth/mfa/recovery/confirm", `{"token":"`+token+`"}`) }
		}, cost{15, 1}, cost{15, 1}},
		{"GET /api/auth/mfa", "none", 200, in(get("/api/auth/mfa")), cost{3, 0}, cost{3, 0}},
		{"GET /api/auth/mfa", "a recovery begun", 200, func(s *spied) func() reply {
			c, name := s.member()
			s.enrol(c)
			s.clock.advance(time.Second)
			s.half(name).do("POST", "/api/auth/mfa/recovery", "", nil).want(s.t, 202)
			return func() reply { return c.get("/api/auth/mfa") }
		}, cost{5, 0}, cost{5, 0}},
		{"POST /api/auth/mfa/totp", "begun", 200, inMail(send("POST", "/api/auth/mfa/totp", `{"name":"Phone"}`)), cost{6, 0}, cost{6, 0}},
		{"POST /api/auth/mfa/totp/confirm", "the first factor", 200, func(s *spied) func() reply {
			c, _ := s.member()
			a := s.beginApp(c)
			return func() reply { return c.send("POST", "/api/auth/mfa/totp/confirm", `{"code":"`+a.code()+`"}`) }
		}, cost{17, 1}, cost{20, 1}},
		{"POST /api/auth/mfa/totp/confirm", "a wrong code", 422, func(s *spied) func() reply {
			c, _ := s.member()
			s.beginApp(c)
			return func() reply { return c.send("POST", "/api/auth/mfa/totp/confirm", `{"code":"no code"}`) }
		}, cost{8, 0}, cost{8, 0}},
		{"POST /api/auth/mfa/recovery-codes", "a new set", 200, func(s *spied) func() reply {
			c, _, _, _ := s.guarded()
			return func() reply { return c.send("POST", "/api/auth/mfa/recovery-codes", "") }
		}, cost{5, 1}, cost{7, 1}},
		{"DELETE /api/auth/mfa/{id}", "the only one", 204, func(s *spied) func() reply {
			c, _, _, _ := s.guarded()
			list, _ := c.get("/api/auth/mfa").json(s.t)["factors"].([]any)
			id, _ := list[0].(map[string]any)["id"].(string)
			return func() reply { return c.send("DELETE", "/api/auth/mfa/"+id, "") }
		}, cost{8, 1}, cost{9, 1}},
		{"GET /api/auth/proof", "what is proved", 200, inMail(get("/api/auth/proof")), cost{5, 0}, cost{5, 0}},
		{"POST /api/auth/proof/mail", "a code", 202, inMail(send("POST", "/api/auth/proof/mail", "")), cost{6, 1}, cost{7, 1}},
		{"POST /api/auth/proof/mail/confirm", "the right code", 204, func(s *spied) func() reply {
			c, _ := s.member()
			code := c.readsMail().mailCode()
			return func() reply { return c.send("POST", "/api/auth/proof/mail/confirm", `{"code":"`+code+`"}`) }
		}, cost{12, 1}, cost{13, 1}},
		{"POST /api/auth/proof/mail/confirm", "a wrong code", 422, inMail(send("POST", "/api/auth/proof/mail/confirm", `{"code":"0000-0000-0000"}`)), cost{9, 1}, cost{9, 1}},
		{"POST /api/auth/proof/wait", "begun", 202, inMail(send("POST", "/api/auth/proof/wait", "")), cost{14, 1}, cost{16, 1}},
		{"POST /api/auth/proof/wait", "again", 202, func(s *spied) func() reply {
			c, _ := s.member()
			c.readsMail().do("POST", "/api/auth/proof/wait", "", nil).want(s.t, 202)
			return func() reply { return c.do("POST", "/api/auth/proof/wait", "", nil) }
		}, cost{5, 0}, cost{5, 0}},
		{"DELETE /api/auth/proof/wait", "one's own, by the mailbox", 204, func(s *spied) func() reply {
			c, _ := s.member()
			c.readsMail().do("POST", "/api/auth/proof/wait", "", nil).want(s.t, 202)
			return func() reply { return c.send("DELETE", "/api/auth/proof/wait", "") }
		}, cost{9, 1}, cost{9, 1}},
		{"DELETE /api/auth/proof/wait", "none", 204, inMail(send("DELETE", "/api/auth/proof/wait", "")), cost{5, 0}, cost{5, 0}},
		{"GET /api/auth/devices", "none", 200, in(get("/api/auth/devices")), cost{2, 0}, cost{2, 0}},
		{"DELETE /api/auth/devices/{id}", "one's own", 204, func(s *spied) func() reply {
			_, name, a, _ := s.guarded()
			c := s.half(name)
			c.send("POST", "/api/auth/mfa", answer("totp", a.code(), `,"trustDevice":true`)).want(s.t, 200)
			list, _ := c.get("/api/auth/devices").json(s.t)["items"].([]any)
			id, _ := list[0].(map[string]any)["id"].(string)
			return func() reply { return c.send("DELETE", "/api/auth/devices/"+id, "") }
		}, cost{3, 0}, cost{4, 1}},
	}
}
