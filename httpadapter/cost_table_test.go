package httpadapter_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/imagetest"
)

// requests is the promise. The lines are in the order of the routes.
func requests() []request {
	return slices.Concat(authRequests(), factorRequests(), passkeyRequests(), profileRequests(), otherRequests())
}

const (
	wrong    = "not the right password"
	newWords = "another correct horse battery"
)

func login(name, password string) string {
	return fmt.Sprintf(`{"login":%q,"password":%q}`, name, password)
}

func registration(name, email, password string) string {
	return fmt.Sprintf(`{"username":%q,"email":%q,"password":%q}`, name, email, password)
}

func authRequests() []request {
	return []request{
		{"POST /api/auth/register", "a new account", 201, func(s *spied) func() reply {
			c, name := s.client(), s.fresh()
			return func() reply {
				return c.send("POST", "/api/auth/register", registration(name, name+"@example.org", password))
			}
		}, cost{9, 1}, cost{12, 1}},
		{"POST /api/auth/register", "a name that is taken", 409, func(s *spied) func() reply {
			_, name := s.member()
			c := s.client()
			return func() reply {
				return c.send("POST", "/api/auth/register", registration(name, s.fresh()+"@example.org", password))
			}
		}, cost{7, 1}, cost{7, 1}},
		{"POST /api/auth/register", "a name that is held", 409, func(s *spied) func() reply {
			old, name := s.member()
			old.send("PATCH", "/api/profile", `{"username":"`+s.fresh()+`"}`).want(s.t, 200)
			c := s.client()
			return func() reply {
				return c.send("POST", "/api/auth/register", registration(name, s.fresh()+"@example.org", password))
			}
		}, cost{8, 1}, cost{10, 1}},
		{"POST /api/auth/register", "a password that is too short", 422, out(func(c *client) reply {
			return c.send("POST", "/api/auth/register", registration("nobody", "nobody@example.org", "short"))
		}), cost{0, 0}, cost{0, 0}},

		{"POST /api/auth/login", "the right password", 200, func(s *spied) func() reply {
			_, name := s.member()
			c := s.client()
			return func() reply { return c.send("POST", "/api/auth/login", login(name, password)) }
		}, cost{10, 1}, cost{11, 1}},
		{"POST /api/auth/login", "over a session that it ends", 200, func(s *spied) func() reply {
			c, name := s.member()
			return func() reply { return c.send("POST", "/api/auth/login", login(name+"@example.org", password)) }
		}, cost{12, 1}, cost{14, 2}},
		{"POST /api/auth/login", "a weak hash, which is made anew", 200, func(s *spied) func() reply {
			_, name := s.member()
			s.weaken(name)
			c := s.client()
			return func() reply { return c.send("POST", "/api/auth/login", login(name, password)) }
		}, cost{11, 1}, cost{12, 1}},
		{"POST /api/auth/login", "a wrong password", 401, func(s *spied) func() reply {
			_, name := s.member()
			c := s.client()
			return func() reply { return c.send("POST", "/api/auth/login", login(name, wrong)) }
		}, cost{5, 0}, cost{5, 0}},
		{"POST /api/auth/login", "nobody's name: the same", 401, func(s *spied) func() reply {
			c, name := s.client(), s.fresh()
			return func() reply { return c.send("POST", "/api/auth/login", login(name, wrong)) }
		}, cost{5, 0}, cost{5, 0}},
		{"POST /api/auth/login", "after too many tries", 429, func(s *spied) func() reply {
			_, name := s.member()
			c := s.client()
			for range 10 {
				c.send("POST", "/api/auth/login", login(name, wrong)).want(s.t, 401)
			}
			return func() reply { return c.send("POST", "/api/auth/login", login(name, password)) }
		}, cost{3, 0}, cost{3, 0}},

		{"POST /api/auth/logout", "one's own session", 204, in(send("POST", "/api/auth/logout", "")), cost{2, 0}, cost{3, 1}},

		{"POST /api/auth/reauthenticate", "the right password", 204, in(send("POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`)), cost{9, 1}, cost{10, 1}},
		{"POST /api/auth/reauthenticate", "the right password, by a bearer token", 200, func(s *spied) func() reply {
			c := s.client()
			c.bearer = true
			c.register(s.fresh())
			return func() reply { return c.send("POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`) }
		}, cost{9, 1}, cost{10, 1}},
		{"POST /api/auth/reauthenticate", "a wrong password", 401, in(send("POST", "/api/auth/reauthenticate", `{"password":"`+wrong+`"}`)), cost{6, 0}, cost{6, 0}},

		{"POST /api/auth/password", "the right password", 204, in(changePassword(password, newWords)), cost{13, 1}, cost{14, 1}},
		{"POST /api/auth/password", "a wrong password", 401, in(changePassword(wrong, newWords)), cost{5, 0}, cost{5, 0}},
		{"POST /api/auth/password", "a new one that is too short", 422, in(changePassword(password, "short")), cost{1, 0}, cost{1, 0}},

		{"POST /api/auth/password/forgot", "an account's address", 202, func(s *spied) func() reply {
			_, name := s.member()
			c := s.client()
			return func() reply { return c.send("POST", "/api/auth/password/forgot", `{"email":"`+name+`@example.org"}`) }
		}, cost{5, 1}, cost{7, 1}},
		{"POST /api/auth/password/forgot", "nobody's address: the same", 202, func(s *spied) func() reply {
			c, name := s.client(), s.fresh()
			return func() reply { return c.send("POST", "/api/auth/password/forgot", `{"email":"`+name+`@example.org"}`) }
		}, cost{5, 1}, cost{7, 1}},
		{"POST /api/auth/password/reset", "a good token", 204, func(s *spied) func() reply {
			_, name := s.member()
			c := s.client()
			c.send("POST", "/api/auth/password/forgot", `{"email":"`+name+`@example.org"}`).want(s.t, 202)
			token := s.mail.token(s.t, authmail.Reset, name+"@example.org")
			return func() reply {
				return c.send("POST", "/api/auth/password/reset", `{"token":"`+token+`","password":"`+newWords+`"}`)
			}
		}, cost{20, 1}, cost{22, 1}},
		{"POST /api/auth/password/reset", "a token of nothing", 422, out(func(c *client) reply {
			return c.send("POST", "/api/auth/password/reset", `{"token":"`+strings.Repeat("A", 43)+`","password":"`+newWords+`"}`)
		}), cost{2, 0}, cost{2, 0}},
		{"POST /api/auth/email/verify", "by the account itself", 204, func(s *spied) func() reply {
			c, name := s.member()
			token := s.mail.token(s.t, authmail.Verify, name+"@example.org")
			return func() reply { return c.send("POST", "/api/auth/email/verify", `{"token":"`+token+`"}`) }
		}, cost{10, 1}, cost{11, 1}},
		{"POST /api/auth/email/verify", "by somebody else, who is asked", 422, func(s *spied) func() reply {
			_, name := s.member()
			token, c := s.mail.token(s.t, authmail.Verify, name+"@example.org"), s.client()
			return func() reply { return c.send("POST", "/api/auth/email/verify", `{"token":"`+token+`"}`) }
		}, cost{4, 0}, cost{4, 0}},
		{"POST /api/auth/email/verify", "with the password", 204, func(s *spied) func() reply {
			_, name := s.member()
			token, c := s.mail.token(s.t, authmail.Verify, name+"@example.org"), s.client()
			return func() reply { return c.send("POST", "/api/auth/email/verify", confirmation(token, password)) }
		}, cost{13, 1}, cost{14, 1}},
		{"POST /api/auth/email/verify", "by who did not sign up", 204, func(s *spied) func() reply {
			_, name := s.member()
			token, c := s.mail.token(s.t, authmail.Verify, name+"@example.org"), s.client()
			return func() reply {
				return c.send("POST", "/api/auth/email/verify", `{"token":"`+token+`","answer":"not_mine"}`)
			}
		}, cost{19, 1}, cost{21, 1}},
		{"POST /api/auth/email/verify/resend", "once more", 202, in(send("POST", "/api/auth/email/verify/resend", "")), cost{8, 1}, cost{9, 1}},
		{"POST /api/auth/email/change", "a free address", 202, func(s *spied) func() reply {
			c, name := s.member()
			return func() reply { return c.send("POST", "/api/auth/email/change", `{"email":"new-`+name+`@example.org"}`) }
		}, cost{14, 1}, cost{16, 1}},
		{"POST /api/auth/email/change", "another account's address: the same", 202, func(s *spied) func() reply {
			_, name := s.member()
			c, _ := s.member()
			return func() reply { return c.send("POST", "/api/auth/email/change", `{"email":"`+name+`@example.org"}`) }
		}, cost{14, 1}, cost{16, 1}},
		{"POST /api/auth/email/change/confirm", "a good token", 204, func(s *spied) func() reply {
			c, name := s.member()
			c.follows(name + "@example.org") // so that it is held
			c.send("POST", "/api/auth/email/change", `{"email":"new-`+name+`@example.org"}`).want(s.t, 202)
			token := s.mail.token(s.t, authmail.EmailChange, "new-"+name+"@example.org")
			return func() reply { return c.send("POST", "/api/auth/email/change/confirm", `{"token":"`+token+`"}`) }
		}, cost{13, 1}, cost{15, 1}},
		{"POST /api/auth/email/change/undo", "a good token", 204, func(s *spied) func() reply {
			c, name := s.member()
			c.send("POST", "/api/auth/email/change", `{"email":"new-`+name+`@example.org"}`).want(s.t, 202)
			token := s.mail.token(s.t, authmail.EmailChanging, name+"@example.org")
			return func() reply { return c.send("POST", "/api/auth/email/change/undo", `{"token":"`+token+`"}`) }
		}, cost{18, 1}, cost{20, 1}},

		{"GET /api/auth/sessions", "one of them", 200, in(get("/api/auth/sessions")), cost{2, 0}, cost{2, 0}},
		{"DELETE /api/auth/sessions", "no others", 204, in(send("DELETE", "/api/auth/sessions", "")), cost{2, 1}, cost{2, 1}},
		{"DELETE /api/auth/sessions/{id}", "one's own", 204, func(s *spied) func() reply {
			c, _ := s.member()
			items, _ := c.get("/api/auth/sessions").json(s.t)["items"].([]any)
			id, _ := items[0].(map[string]any)["id"].(string)
			return func() reply { return c.send("DELETE", "/api/auth/sessions/"+id, "") }
		}, cost{2, 0}, cost{3, 1}},
		{"DELETE /api/auth/sessions/{id}", "nobody's", 404, in(send("DELETE", "/api/auth/sessions/none", "")), cost{2, 0}, cost{2, 1}},
	}
}

func changePassword(old, new string) func(c *client) reply {
	return send("POST", "/api/auth/password", fmt.Sprintf(`{"currentPassword":%q,"newPassword":%q}`, old, new))
}

// weaken gives the user a hash of the same password that is weaker than the
// primary hasher's.
func (s *spied) weaken(name string) {
	s.t.Helper()
	weak, err := cheap.Hash(password)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, p := s.t.Context(), s.db.Auth().Passwords
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		u, err := s.db.Users().ByUsername(ctx, name)
		if err != nil {
			return err
		}
		old, err := p.PasswordHash(ctx, u.ID)
		if err != nil {
			return err
		}
		return p.SetPassword(ctx, u.ID, old, weak)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func profileRequests() []request {
	other := strings.Repeat("A", 43)
	return []request{
		{"GET /api/profile", "signed in", 200, in(get("/api/profile")), cost{1, 0}, cost{1, 0}},
		{"GET /api/profile", "without a session", 401, out(get("/api/profile")), cost{0, 0}, cost{0, 0}},
		{"GET /api/profile", "a token of no session", 401, out(get("/api/profile", "Authorization", "Bearer "+other)), cost{1, 0}, cost{1, 0}},
		{"GET /api/profile", "nonsense for a token", 401, out(get("/api/profile", "Authorization", "Bearer x")), cost{0, 0}, cost{0, 0}},

		{"PATCH /api/profile", "a change", 200, in(send("PATCH", "/api/profile", `{"bio":"new"}`)), cost{2, 0}, cost{3, 1}},
		{"PATCH /api/profile", "another name", 200, func(s *spied) func() reply {
			c, _ := s.member()
			return func() reply { return c.send("PATCH", "/api/profile", `{"username":"`+s.fresh()+`"}`) }
		}, cost{6, 1}, cost{8, 1}},
		{"PATCH /api/profile", "a name that is taken", 409, func(s *spied) func() reply {
			_, name := s.member()
			c, _ := s.member()
			return func() reply { return c.send("PATCH", "/api/profile", `{"username":"`+name+`"}`) }
		}, cost{3, 1}, cost{4, 1}},
		{"PATCH /api/profile", "a name that is held", 409, func(s *spied) func() reply {
			old, name := s.member()
			old.send("PATCH", "/api/profile", `{"username":"`+s.fresh()+`"}`).want(s.t, 200)
			c, _ := s.member()
			return func() reply { return c.send("PATCH", "/api/profile", `{"username":"`+name+`"}`) }
		}, cost{4, 1}, cost{6, 1}},
		{"PATCH /api/profile", "another address", 200, func(s *spied) func() reply {
			c, name := s.member()
			return func() reply {
				return c.send("PATCH", "/api/profile", `{"bio":"new","email":"new-`+name+`@example.org"}`)
			}
		}, cost{16, 1}, cost{19, 1}},
		{"PATCH /api/profile", "what is there already", 200, in(send("PATCH", "/api/profile", `{"bio":""}`)), cost{1, 0}, cost{1, 0}},
		{"PATCH /api/profile", "a stale version", 412, in(send("PATCH", "/api/profile", `{"bio":"new"}`, "If-Match", `"99"`)), cost{1, 0}, cost{1, 0}},
		{"PATCH /api/profile", "a value that is refused", 422, in(send("PATCH", "/api/profile", `{"birthday":"soon"}`)), cost{1, 0}, cost{1, 0}},
		{"PUT /api/profile", "another name", 200, func(s *spied) func() reply {
			c, name := s.member()
			return func() reply {
				return c.send("PUT", "/api/profile", fmt.Sprintf(`{"username":%q,"email":"%s@example.org"}`, s.fresh(), name))
			}
		}, cost{6, 1}, cost{8, 1}},
		{"PUT /api/profile", "another name and no picture", 200, func(s *spied) func() reply {
			c, name, _ := s.pictured()
			return func() reply {
				return c.send("PUT", "/api/profile", fmt.Sprintf(`{"username":%q,"email":"%s@example.org","profilePicture":null}`, s.fresh(), name))
			}
		}, cost{9, 2}, cost{12, 2}},

		{"PUT /api/profile/picture", "the first", 200, in(func(c *client) reply { return c.upload(card) }), cost{7, 1}, cost{8, 1}},
		{"PUT /api/profile/picture", "another", 200, func(s *spied) func() reply {
			c, _, _ := s.pictured()
			return func() reply { return c.upload(card) }
		}, cost{8, 1}, cost{9, 1}},
		{"PUT /api/profile/picture", "no picture at all", 415, in(func(c *client) reply { return c.upload([]byte("no picture")) }), cost{3, 0}, cost{3, 0}},
		{"PUT /api/profile/picture", "a picture that is cut off", 422, in(func(c *client) reply { return c.upload(card[:len(card)/2]) }), cost{3, 0}, cost{3, 0}},
		{"DELETE /api/profile/picture", "the picture", 204, func(s *spied) func() reply {
			c, _, _ := s.pictured()
			return func() reply { return c.send("DELETE", "/api/profile/picture", "") }
		}, cost{4, 1}, cost{5, 1}},
		{"DELETE /api/profile/picture", "without one", 204, in(send("DELETE", "/api/profile/picture", "")), cost{2, 1}, cost{2, 1}},
		{"POST /api/profile/picture/direct", "a form", 201, in(send("POST", "/api/profile/picture/direct", `{"contentType":"image/jpeg"}`)), cost{3, 0}, cost{3, 0}},
		{"POST /api/profile/picture/direct", "for no picture", 422, in(send("POST", "/api/profile/picture/direct", `{"contentType":"text/html"}`)), cost{1, 0}, cost{1, 0}},
		{"POST /api/profile/picture/direct/{id}/complete", "the first", 200, func(s *spied) func() reply {
			c, complete := s.sent(card)
			return func() reply { return c.send("POST", complete, "{}") }
		}, cost{7, 1}, cost{8, 1}},
		{"POST /api/profile/picture/direct/{id}/complete", "no picture at all", 415, func(s *spied) func() reply {
			c, complete := s.sent([]byte("no picture"))
			return func() reply { return c.send("POST", complete, "{}") }
		}, cost{3, 0}, cost{3, 0}},
		{"POST /api/profile/picture/direct/{id}/complete", "nothing has arrived", 404, func(s *spied) func() reply {
			c, _ := s.member()
			path := "/api/profile/picture/direct/" + c.directForm().ID + "/complete"
			return func() reply { return c.send("POST", path, "{}") }
		}, cost{3, 0}, cost{3, 0}},
		{"POST /api/profile/picture/direct/{id}/complete", "nobody's", 404, in(send("POST", "/api/profile/picture/direct/none/complete", "{}")), cost{1, 0}, cost{1, 0}},
		{"POST /upload-profile", "the first", 200, in(func(c *client) reply {
			form, kind := pictureForm(imagetest.PNG(imagetest.Card(80, 80)))
			return c.do("POST", "/upload-profile", kind, form)
		}), cost{7, 1}, cost{8, 1}},
	}
}

func otherRequests() []request {
	theirs := func(suffix string, c func(s *spied) *client) func(s *spied) func() reply {
		return func(s *spied) func() reply {
			_, name, _ := s.shown()
			viewer := c(s)
			return func() reply { return viewer.get("/api/users/" + name + suffix) }
		}
	}
	stranger := func(s *spied) *client { return s.client() }
	member := func(s *spied) *client { c, _ := s.member(); return c }
	return []request{
		{"GET /api/users/{username}", "by a stranger", 200, theirs("", stranger), cost{2, 0}, cost{2, 0}},
		{"GET /api/users/{username}", "by a member", 200, theirs("", member), cost{3, 0}, cost{3, 0}},
		{"GET /api/users/{username}", "nobody", 404, out(get("/api/users/nobody")), cost{2, 0}, cost{2, 0}},
		{"GET /api/users/{username}/picture", "by a stranger", 302, theirs("/picture", stranger), cost{2, 0}, cost{2, 0}},
		{"GET /api/pictures/{key}", "by a stranger", 200, func(s *spied) func() reply {
			_, _, path := s.shown()
			c := s.client()
			return func() reply { return c.get(path) }
		}, cost{3, 0}, cost{3, 0}},
		{"GET /api/pictures/{key}", "by its owner", 200, func(s *spied) func() reply {
			c, _, path := s.pictured() // and not of long ago: the session lives
			return func() reply { return c.get(path) }
		}, cost{4, 0}, cost{4, 0}},
		{"GET /api/pictures/{key}", "nobody's", 404, out(get("/api/pictures/none-64.jpg")), cost{1, 0}, cost{1, 0}},

		{"GET /api/settings", "none stored", 200, in(get("/api/settings")), cost{2, 0}, cost{2, 0}},
		{"PATCH /api/settings", "the first change", 200, in(send("PATCH", "/api/settings", `{"locale":"fr"}`)), cost{3, 0}, cost{4, 1}},
		{"PATCH /api/settings", "another", 200, func(s *spied) func() reply {
			c, _ := s.member()
			c.send("PATCH", "/api/settings", `{"locale":"fr"}`).want(s.t, 200)
			return func() reply { return c.send("PATCH", "/api/settings", `{"locale":"de"}`, "If-Match", `"1"`) }
		}, cost{4, 0}, cost{5, 1}},
		{"PATCH /api/settings", "a stale version", 412, in(send("PATCH", "/api/settings", `{"locale":"fr"}`, "If-Match", `"9"`)), cost{2, 0}, cost{2, 0}},
		{"PATCH /api/settings", "a value that is refused", 422, in(send("PATCH", "/api/settings", `{"locale":7}`)), cost{1, 0}, cost{1, 0}},
		{"GET /api/activity", "the first page", 200, in(get("/api/activity")), cost{2, 0}, cost{2, 0}},
		{"POST /api/activity/report", "a good token", 204, func(s *spied) func() reply {
			_, name := s.member()
			u, err := s.db.Users().ByUsername(s.t.Context(), name)
			if err != nil {
				s.t.Fatal(err)
			}
			link, err := s.app.Auth.ReportLink(s.t.Context(), u.ID, u.Email)
			if err != nil {
				s.t.Fatal(err)
			}
			_, token, _ := strings.Cut(link, "#token=")
			c := s.client()
			return func() reply { return c.send("POST", "/api/activity/report", `{"token":"`+token+`"}`) }
		}, cost{12, 1}, cost{12, 1}},
		{"GET /account/reset", "as it is", 200, out(get("/account/reset")), cost{0, 0}, cost{0, 0}},
		{"GET /account/verify", "as it is", 200, out(get("/account/verify")), cost{0, 0}, cost{0, 0}},
		{"GET /account/email", "as it is", 200, out(get("/account/email")), cost{0, 0}, cost{0, 0}},
		{"GET /account/undo", "as it is", 200, out(get("/account/undo")), cost{0, 0}, cost{0, 0}},
		{"GET /account/recover", "as it is", 200, out(get("/account/recover")), cost{0, 0}, cost{0, 0}},
		{"GET /account/not-me", "as it is", 200, out(get("/account/not-me")), cost{0, 0}, cost{0, 0}},
		{"GET /api/capabilities", "as it is", 200, out(get("/api/capabilities")), cost{0, 0}, cost{0, 0}},
		{"GET /api/openapi.json", "as it is", 200, out(get("/api/openapi.json")), cost{0, 0}, cost{0, 0}},
		{"GET /default-avatar.png", "as it is", 200, out(get("/default-avatar.png")), cost{0, 0}, cost{0, 0}},
	}
}
