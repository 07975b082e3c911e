package cloudinaryblob

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

const (
	// A call is tried three times at most, with a random wait of at most a
	// second between: a store that is overloaded must not be hit harder.
	maxAttempts = 3
	maxBackoff  = time.Second
	minBackoff  = 50 * time.Millisecond
	// maxAnswer bounds what is read of an answer in JSON, in bytes: a listing
	// of 500 resources has some 300 KB.
	maxAnswer = 4 << 20
)

// cloud is the driver.
type cloud struct {
	opts   Options
	api    string // "https://api.cloudinary.com/v1_1/my-cloud"
	key    string
	client *http.Client
	// The secret is in closures, so that printing a Store does not show it.
	digest    func(string) string
	authorize func(*http.Request)
}

// try calls f until it works or trying again would not help. All our requests
// may be repeated. A store that asks for a longer wait is left alone.
func try(ctx context.Context, f func() error) error {
	for n := 1; ; n++ {
		err := f()
		var unavailable *storage.UnavailableError
		if !errors.As(err, &unavailable) || n == maxAttempts || unavailable.RetryAfter > maxBackoff || ctx.Err() != nil {
			return err
		}
		most := min(2*minBackoff<<n, maxBackoff)
		wait := max(unavailable.RetryAfter, minBackoff+rand.N(most-minBackoff))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// answer is what is in the answers of the API that we ask for.
type answer struct {
	Error *struct {
		Message string `json:"message"`
	} `json:"error"`

	// Of an upload.
	PublicID string `json:"public_id"`
	Bytes    int64  `json:"bytes"`
	Existing bool   `json:"existing"`
	Context  struct {
		Custom map[string]string `json:"custom"`
	} `json:"context"`

	// Of a destroy.
	Result string `json:"result"`

	// Of a listing.
	Resources []struct {
		PublicID  string    `json:"public_id"`
		Bytes     int64     `json:"bytes"`
		CreatedAt time.Time `json:"created_at"`
	} `json:"resources"`
	NextCursor string `json:"next_cursor"`
}

// exchange sends req once and returns what was answered.
func (s *cloud) exchange(op string, req *http.Request) (answer, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return answer{}, blobs.ErrNoAnswer
	}
	return s.read(op, resp)
}

// read reads an answer in JSON. Cloudinary tells failures by status, by an
// error object, and by neither: the caller looks for what it asked for, since
// "{}" is no success.
func (s *cloud) read(op string, resp *http.Response) (answer, error) {
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, blobs.ErrNoAnswer
	}
	var a answer
	bad := json.Unmarshal(text, &a) != nil
	message := ""
	if !bad && a.Error != nil {
		message = a.Error.Message
	}
	switch {
	case resp.StatusCode/100 != 2, message != "":
		return answer{}, s.refused(op, resp.StatusCode, resp.Header, message)
	case bad, a.Error != nil:
		return answer{}, errMisunderstood
	}
	return a, nil
}

// destroy removes an asset that may be missing.
func (s *cloud) destroy(ctx context.Context, op string, a asset) error {
	return try(ctx, func() error {
		params := s.signed(url.Values{"public_id": {a.id}, "type": {a.delivery}, "invalidate": {"true"}})
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api+"/"+a.resource+"/destroy", strings.NewReader(params.Encode()))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got, err := s.exchange(op, req)
		if err == nil && got.Result != "ok" && got.Result != "not found" {
			err = errMisunderstood
		}
		return err
	})
}
