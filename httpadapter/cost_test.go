package httpadapter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"testing"

	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/internal/sqlspy"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// request is one line of the promise: what a route costs in one situation.
type request struct {
	route, when string
	status      int
	// prepare makes the situation and returns the request.
	prepare          func(s *spied) (send func() reply)
	postgres, sqlite cost
}

// cost is what a request asks of the database. BEGIN and COMMIT are not
// counted with the statements.
type cost struct{ statements, transactions int }

// TestR09_NothingWaitsInATransaction sends every route what it takes and what
// it refuses. No connection is held while a password is hashed, a blob store
// called or the client waited for (spied looks), and the second time, when all
// statements are prepared, each request costs what the table promises.
func TestR09_NothingWaitsInATransaction(t *testing.T) {
	onSpied(t, func(t *testing.T, s *spied) {
		tried := map[string]bool{}
		for round := range 2 {
			for _, c := range requests() {
				tried[c.route] = true
				what := c.route + ", " + c.when
				send := c.prepare(s)
				s.spy.Take()
				got := send()
				seen := s.spy.Take()
				if got.StatusCode != c.status {
					t.Errorf("%s: status %d, want %d: %s", what, got.StatusCode, c.status, got.body)
				}
				if round > 0 {
					s.costs(what, seen, c)
				}
			}
		}
		for _, r := range s.app.Routes() {
			if !tried[r.Method+" "+r.Pattern] {
				t.Errorf("no line tells what %s %s costs", r.Method, r.Pattern)
			}
		}
		if _, err := s.app.Pictures.PurgeBlobs(t.Context(), 0); err != nil {
			t.Errorf("PurgeBlobs: %v", err)
		}
		for _, what := range []string{"hash a password", "match a password", "put a blob", "open a blob", "delete a blob", "sign a form", "read a body", "write an answer", "deliver a message"} {
			if s.waits[what] == 0 {
				t.Errorf("nobody looked while something was to %s", what)
			}
		}
	})
}

// costs compares what was seen with what is promised.
func (s *spied) costs(what string, seen sqlspy.Calls, c request) {
	s.t.Helper()
	want := c.postgres
	if s.db.Dialect() == sqlstore.SQLite {
		want = c.sqlite
	}
	if got := (cost{seen.Statements(), seen.Count(sqlspy.Begin)}); got != want {
		s.t.Errorf("%s: %d statements and %d transactions, want %d and %d:\n%s",
			what, got.statements, got.transactions, want.statements, want.transactions, seen)
	}
	if n := seen.Unprepared() + seen.Count(sqlspy.Prepare); n != 0 {
		s.t.Errorf("%s: %d statements were not prepared before:\n%s", what, n, seen)
	}
}

// member makes a user, who is signed in.
func (s *spied) member() (c *client, name string) {
	s.t.Helper()
	s.members++
	name = fmt.Sprintf("member%d", s.members)
	return s.client().register(name), name
}

// fresh is a name that nobody has.
func (s *spied) fresh() string {
	s.members++
	return fmt.Sprintf("member%d", s.members)
}

var card = imagetest.PNG(imagetest.Card(64, 64))

func (c *client) upload(picture []byte) reply {
	c.w.t.Helper()
	return c.do("PUT", "/api/profile/picture", "image/png", bytes.NewReader(picture))
}

// pictured is a member with a picture, and the path of its largest square.
func (s *spied) pictured() (c *client, name, path string) {
	s.t.Helper()
	c, name = s.member()
	doc := c.upload(card).want(s.t, 200).json(s.t)
	path, _ = doc["picture"].(map[string]any)["url"].(string)
	return c, name, path
}

// sent is a member who has sent the file to the store, and the path that
// completes that.
func (s *spied) sent(file []byte) (c *client, complete string) {
	s.t.Helper()
	c, _ = s.member()
	complete = c.sendDirectly(file)
	return c, complete
}

// sendDirectly begins a direct upload, sends the file to the store and returns
// the path that completes it.
func (c *client) sendDirectly(file []byte) (complete string) {
	c.w.t.Helper()
	form := c.directForm()
	if status := directtest.Send(c.w.t, form.DirectForm, file); status >= 300 {
		c.w.t.Fatalf("the store answers %d", status)
	}
	return "/api/profile/picture/direct/" + form.ID + "/complete"
}

// directForm begins a direct upload.
func (c *client) directForm() (form struct {
	ID string `json:"id"`
	storage.DirectForm
},
) {
	c.w.t.Helper()
	r := c.send("POST", "/api/profile/picture/direct", `{"contentType":"image/png"}`).want(c.w.t, 201)
	if err := json.Unmarshal(r.body, &form); err != nil {
		c.w.t.Fatalf("%v in %s", err, r.body)
	}
	return form
}

// shown is one such member, for requests that only look.
func (s *spied) shown() (c *client, name, path string) {
	if s.model == nil {
		c, name, path := s.pictured()
		s.model = func() (*client, string, string) { return c, name, path }
	}
	return s.model()
}

// in prepares a request of a signed-in user that needs nothing else.
func in(send func(c *client) reply) func(*spied) func() reply {
	return func(s *spied) func() reply {
		c, _ := s.member()
		return func() reply { return send(c) }
	}
}

// inMail prepares a request of a member whose session has proved the mailbox.
func inMail(send func(c *client) reply) func(*spied) func() reply {
	return func(s *spied) func() reply {
		c, _ := s.member()
		c.readsMail()
		return func() reply { return send(c) }
	}
}

// out prepares a request without a session.
func out(send func(c *client) reply) func(*spied) func() reply {
	return func(s *spied) func() reply {
		c := s.client()
		return func() reply { return send(c) }
	}
}

func get(path string, headers ...string) func(c *client) reply {
	return func(c *client) reply { return c.get(path, headers...) }
}

func send(method, path, body string, headers ...string) func(c *client) reply {
	return func(c *client) reply { return c.send(method, path, body, headers...) }
}

// pictureForm is a picture as the replaced application's page sends it.
func pictureForm(picture []byte) (body *bytes.Buffer, contentType string) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	part, err := w.CreateFormFile("profile_picture", "me.png")
	if err == nil {
		_, err = part.Write(picture)
	}
	if err != nil || w.Close() != nil {
		panic("a buffer takes everything")
	}
	return body, w.FormDataContentType()
}
