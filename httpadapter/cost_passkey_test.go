package httpadapter_test

import (
	"encoding/json"
	"fmt"

	"github.com/profilekit/profilekit/internal/softkey"
)

// passkeyBody begins a ceremony and returns the body that finishes it.
func (c *client) passkeyBody(ceremony, body, more string, answer func([]byte) []byte) string {
	c.w.t.Helper()
	begun := c.send("POST", "/api/auth/passkeys/"+ceremony+"/begin", body).want(c.w.t, 200).json(c.w.t)
	options, err := json.Marshal(begun["publicKey"])
	if err != nil {
		c.w.t.Fatal(err)
	}
	return fmt.Sprintf(`{"state":%q,"credential":%s%s}`, begun["state"], answer(options), more)
}

// addPasskey adds one to the client's account and returns its id.
func (c *client) addPasskey() (key *softkey.Key, id string) {
	c.w.t.Helper()
	key = softkey.New("http://localhost")
	c.readsMail()
	added := c.send("POST", "/api/auth/passkeys/register/finish", c.passkeyBody("register", "", "", key.Create)).want(c.w.t, 201).json(c.w.t)
	id, _ = added["passkey"].(map[string]any)["id"].(string)
	return key, id
}

// phoneCode begins to prove a number and returns the code that was sent to it.
func (c *client) phoneCode() string {
	c.w.t.Helper()
	c.readsMail()
	c.send("POST", "/api/auth/mfa/phone", `{"phone":"+41791234567"}`).want(c.w.t, 202)
	return c.w.mail.code()
}

// code is that of the newest message.
func (m *mailbox) code() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[len(m.all)-1].Code
}

func passkeyRequests() []request {
	return []request{
		{"POST /api/auth/passkeys/login/begin", "for anybody", 200, func(s *spied) func() reply {
			c := s.client()
			return func() reply { return c.send("POST", "/api/auth/passkeys/login/begin", `{}`) }
		}, cost{0, 0}, cost{0, 0}},
		{"POST /api/auth/passkeys/login/begin", "the second factor", 200, func(s *spied) func() reply {
			c, name := s.member()
			c.addPasskey()
			half := s.half(name)
			return func() reply {
				return half.send("POST", "/api/auth/passkeys/login/begin", `{"purpose":"second_factor"}`)
			}
		}, cost{2, 0}, cost{2, 0}},
		{"POST /api/auth/passkeys/login/finish", "alone", 200, func(s *spied) func() reply {
			c, _ := s.member()
			key, _ := c.addPasskey()
			c = s.client()
			body := c.passkeyBody("login", `{}`, "", key.Get)
			return func() reply { return c.send("POST", "/api/auth/passkeys/login/finish", body) }
		}, cost{13, 1}, cost{14, 2}},
		{"POST /api/auth/passkeys/login/finish", "forged", 401, func(s *spied) func() reply {
			c, _ := s.member()
			key, _ := c.addPasskey()
			c = s.client()
			key.Lie = func(a *softkey.Answer) { a.Forge = true }
			body := c.passkeyBody("login", `{}`, "", key.Get)
			return func() reply { return c.send("POST", "/api/auth/passkeys/login/finish", body) }
		}, cost{7, 0}, cost{7, 1}},
		{"POST /api/auth/passkeys/login/finish", "the second factor", 200, func(s *spied) func() reply {
			c, name := s.member()
			key, _ := c.addPasskey()
			half := s.half(name)
			body := half.passkeyBody("login", `{"purpose":"second_factor"}`, `,"purpose":"second_factor"`, key.Get)
			return func() reply { return half.send("POST", "/api/auth/passkeys/login/finish", body) }
		}, cost{12, 1}, cost{13, 2}},
		{"POST /api/auth/reauthenticate", "a passkey", 204, func(s *spied) func() reply {
			c, _ := s.member()
			key, _ := c.addPasskey()
			body := c.passkeyBody("login", `{"purpose":"reauthenticate"}`, `,"method":"passkey"`, key.Get)
			return func() reply { return c.send("POST", "/api/auth/reauthenticate", body) }
		}, cost{11, 1}, cost{12, 2}},
		{"POST /api/auth/passkeys/register/begin", "for the first time", 200, inMail(send("POST", "/api/auth/passkeys/register/begin", "")), cost{8, 0}, cost{8, 0}},
		{"POST /api/auth/passkeys/register/begin", "again", 200, func(s *spied) func() reply {
			c, _ := s.member()
			c.readsMail().send("POST", "/api/auth/passkeys/register/begin", "").want(s.t, 200)
			return func() reply { return c.send("POST", "/api/auth/passkeys/register/begin", "") }
		}, cost{7, 0}, cost{7, 0}},
		{"POST /api/auth/passkeys/register/finish", "the first factor", 201, func(s *spied) func() reply {
			c, _ := s.member()
			c.readsMail()
			body := c.passkeyBody("register", "", `,"name":"Phone"`, softkey.New("http://localhost").Create)
			return func() reply { return c.send("POST", "/api/auth/passkeys/register/finish", body) }
		}, cost{15, 1}, cost{18, 2}},
		{"POST /api/auth/mfa/phone", "a number", 202, inMail(send("POST", "/api/auth/mfa/phone", `{"phone":"+41791234567"}`)), cost{11, 1}, cost{12, 1}},
		{"POST /api/auth/mfa/phone/confirm", "the right code", 200, func(s *spied) func() reply {
			c, _ := s.member()
			code := c.phoneCode()
			return func() reply { return c.send("POST", "/api/auth/mfa/phone/confirm", `{"code":"`+code+`"}`) }
		}, cost{22, 1}, cost{25, 1}},
		{"POST /api/auth/mfa/email", "a confirmed address", 202, func(s *spied) func() reply {
			c, name := s.member()
			c.follows(name + "@example.org")
			return func() reply { return c.do("POST", "/api/auth/mfa/email", "", nil) }
		}, cost{11, 1}, cost{12, 1}},
		{"POST /api/auth/mfa/email/confirm", "the right code", 200, func(s *spied) func() reply {
			c, name := s.member()
			c.follows(name + "@example.org")
			c.do("POST", "/api/auth/mfa/email", "", nil).want(s.t, 202)
			code := s.mail.code()
			return func() reply { return c.send("POST", "/api/auth/mfa/email/confirm", `{"code":"`+code+`"}`) }
		}, cost{21, 1}, cost{24, 1}},
		{"POST /api/auth/mfa/email/confirm", "nothing begun", 404, inMail(send("POST", "/api/auth/mfa/email/confirm", `{"code":"123456"}`)), cost{6, 0}, cost{6, 0}},
		{"POST /api/auth/mfa/challenge", "by text message", 202, func(s *spied) func() reply {
			c, name := s.member()
			c.send("POST", "/api/auth/mfa/phone/confirm", `{"code":"`+c.phoneCode()+`"}`).want(s.t, 200)
			half := s.half(name)
			return func() reply { return half.send("POST", "/api/auth/mfa/challenge", `{"method":"sms"}`) }
		}, cost{7, 1}, cost{8, 1}},
		{"POST /api/auth/reauthenticate/challenge", "by text message", 202, func(s *spied) func() reply {
			c, _ := s.member()
			c.send("POST", "/api/auth/mfa/phone/confirm", `{"code":"`+c.phoneCode()+`"}`).want(s.t, 200)
			return func() reply { return c.send("POST", "/api/auth/reauthenticate/challenge", `{"method":"sms"}`) }
		}, cost{7, 1}, cost{8, 1}},
		{"GET /api/profile/export", "fresh", 200, in(send("GET", "/api/profile/export", "")), cost{13, 1}, cost{13, 1}},
		{"DELETE /api/profile", "fresh", 202, in(send("DELETE", "/api/profile", "")), cost{12, 1}, cost{13, 1}},
		{"POST /api/profile/restore", "just signed in", 200, func(s *spied) func() reply {
			c, name := s.member()
			c.send("DELETE", "/api/profile", "").want(s.t, 202)
			c.send("POST", "/api/auth/login", `{"login":"`+name+`","password":"`+password+`"}`).want(s.t, 200)
			return func() reply { return c.send("POST", "/api/profile/restore", "") }
		}, cost{7, 1}, cost{8, 1}},
		{"PATCH /api/auth/passkeys/{id}", "one's own", 204, func(s *spied) func() reply {
			c, _ := s.member()
			_, id := c.addPasskey()
			return func() reply { return c.send("PATCH", "/api/auth/passkeys/"+id, `{"name":"Key ring"}`) }
		}, cost{3, 0}, cost{3, 0}},
		{"DELETE /api/auth/passkeys/{id}", "the only one", 204, func(s *spied) func() reply {
			c, _ := s.member()
			_, id := c.addPasskey()
			return func() reply { return c.send("DELETE", "/api/auth/passkeys/"+id, "") }
		}, cost{8, 1}, cost{9, 1}},
	}
}
