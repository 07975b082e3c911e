package contract_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// watchedBody tells when somebody wants to read on after the first bytes.
type watchedBody struct {
	io.ReadCloser
	first int
	reads *atomic.Int64
	more  func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.reads.Add(1)
	if b.first <= 0 && b.more != nil {
		b.more()
	}
	n, err := b.ReadCloser.Read(p)
	b.first -= n
	return n, err
}

// TestIfMatchOfASlowUpload: the tag is right when the upload begins. By the time
// that its body has come somebody else has made a change.
func TestIfMatchOfASlowUpload(t *testing.T) {
	onBoth(t, func(t *testing.T, s *service) {
		contentType, form := photoForm(1)
		for name, r := range map[string]request{
			"raw":  {"PUT", "/api/profile/picture", "image/jpeg", flatPhoto(1)},
			"form": {"PUT", "/api/profile/picture", contentType, form},
		} {
			for what, rival := range map[string]request{
				"a picture":  {"PUT", "/api/profile/picture", "image/jpeg", flatPhoto(2)},
				"no picture": {method: "DELETE", path: "/api/profile/picture"},
				"a profile":  jsonRequest("PATCH", "/api/profile", `{"bio":"theirs"}`),
				"an address": jsonRequest("PATCH", "/api/profile", `{"email":"theirs@example.net"}`),
			} {
				t.Run(name+"/"+what, func(t *testing.T) {
					p := s.person(t)
					p.good(putPhoto(p, 200))
					tag := p.get("/api/profile").header.Get("ETag")
					first := len(r.body) * 3 / 4
					waits, once := make(chan struct{}), sync.Once{}
					s.watch(first, new(atomic.Int64), func() { once.Do(func() { close(waits) }) })
					body, rest := io.Pipe()
					slow := make(chan answer, 1)
					go func() { slow <- p.stream(r, body, tag) }()
					if _, err := rest.Write(r.body[:first]); err != nil {
						t.Fatal(err)
					}
					select {
					case <-waits:
					case a := <-slow:
						t.Fatalf("before the body has come: %v", a)
					}
					s.body.Store(nil)
					p.good(rival, tag)
					told := p.told()
					if _, err := rest.Write(r.body[first:]); err != nil {
						t.Error(err)
					}
					rest.Close()
					if a := <-slow; !a.stale() {
						t.Errorf("%v", a)
					}
					same(t, "what the quicker one made", p.told(), told)
					p.purged()
				})
			}
		}
	})
}

// watch has the bodies of requests tell when they are read.
func (s *service) watch(first int, reads *atomic.Int64, more func()) {
	f := func(b io.ReadCloser) io.ReadCloser { return &watchedBody{b, first, reads, more} }
	s.body.Store(&f)
}

// TestIfMatchIsLookedAtBeforeTheBody: nobody sends megabytes for a 412.
func TestIfMatchIsLookedAtBeforeTheBody(t *testing.T) {
	onBoth(t, func(t *testing.T, s *service) {
		p := s.person(t)
		p.good(putPhoto(p, 1))
		told, kept := p.told(), p.kept()
		for _, r := range []request{putPhoto(p, 2), putForm(p, 2)} {
			var reads atomic.Int64
			s.watch(0, &reads, nil)
			if a := p.do(r, `"999999"`); !a.stale() || reads.Load() != 0 {
				t.Errorf("%v, after the body was read %d times", a, reads.Load())
			}
			s.body.Store(nil)
			same(t, "what is told", p.told(), told)
			same(t, "what is kept", p.kept(), kept)
		}
	})
}

// TestIfMatchOfOneFileAtOnce: of several completions of one file, with one tag,
// one succeeds; to the others the file is gone or the tag is old.
func TestIfMatchOfOneFileAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *service) {
		for range 3 {
			p := s.person(t)
			tag := p.get("/api/profile").header.Get("ETag")
			r := jsonRequest("POST", "/api/profile/picture/direct/"+p.sent(1)+"/complete", `{}`)
			answers := make([]answer, 5)
			var wg sync.WaitGroup
			for i := range answers {
				wg.Go(func() { answers[i] = p.do(r, tag) })
			}
			wg.Wait()
			done := 0
			for _, a := range answers {
				switch {
				case a.good():
					done++
					if fault := isThePicture(p, 1, a); fault != "" {
						t.Error(fault)
					}
				case a.status != http.StatusNotFound && !a.stale():
					t.Errorf("%v", a)
				}
			}
			if done != 1 {
				t.Errorf("%d of %d succeeded", done, len(answers))
			}
			p.purged()
		}
	})
}

// TestIfMatchOfNothing: a request that changes nothing is refused too when its
// tag is old, and leaves the tag as it is.
func TestIfMatchOfNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *service) {
		p := s.person(t)
		for of, requests := range map[string][]request{
			"/api/profile": {
				jsonRequest("PATCH", "/api/profile", `{}`),
				jsonRequest("PATCH", "/api/profile", `{"bio":null,"email":%q}`, p.email()),
				jsonRequest("PUT", "/api/profile", `{"username":%q,"email":%q}`, p.name, p.email()),
				jsonRequest("PUT", "/api/profile", `{"username":%q,"email":%q,"profilePicture":null}`, p.name, p.email()),
				{method: "DELETE", path: "/api/profile/picture"},
			},
			"/api/settings": {
				jsonRequest("PATCH", "/api/settings", `{}`),
				jsonRequest("PATCH", "/api/settings", `{"locale":null}`),
			},
		} {
			for _, r := range requests {
				told := p.told()
				if a := p.do(r, `"999999"`); !a.stale() {
					t.Errorf("%v", a)
				}
				for _, ifMatch := range [][]string{{p.get(of).header.Get("ETag")}, {"*"}, nil} {
					p.good(r, ifMatch...)
				}
				same(t, "what is told", p.told(), told)
			}
		}
	})
}

// TestIfMatchOfReads: what changes nothing takes no If-Match, and If-None-Match
// works beside it.
func TestIfMatchOfReads(t *testing.T) {
	onBoth(t, func(t *testing.T, s *service) {
		p := s.person(t)
		url, _ := p.good(putPhoto(p, 1)).object()["picture"].(map[string]any)["url"].(string)
		for _, path := range []string{"/api/profile", "/api/settings", url} {
			for _, method := range []string{"GET", "HEAD"} {
				plain := p.good(request{method: method, path: path})
				got := p.good(request{method: method, path: path}, `"999999"`)
				if string(got.body) != string(plain.body) || got.header.Get("ETag") != plain.header.Get("ETag") {
					t.Errorf("%v\nwithout If-Match: %v", got, plain)
				}
			}
		}
		tag := p.get(url).header.Get("ETag")
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.srv.URL+url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header["If-Match"], req.Header["If-None-Match"] = []string{`"999999"`}, []string{tag}
		resp, err := p.hc.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotModified || !strings.HasPrefix(tag, `"`) {
			t.Errorf("If-None-Match %s: %d", tag, resp.StatusCode)
		}
	})
}
