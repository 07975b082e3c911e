// Package pwned asks a range service for breached passwords, as Have I Been
// Pwned runs one, whether a password is known:
//
//	cfg.Breaches = pwned.New(pwned.Options{})
//
// The service learns the first 20 bits of the password's SHA-1 and answers with
// the rest of all it knows under them, padded so that the length of the answer
// tells nothing either. The password, its whole hash and who asks stay here.
// SHA-1 is what the service is indexed by; nothing is protected by it.
//
// An answer takes at most a second. When there is none, Breached is an error,
// and auth.Config.BreachesRequired decides: by default the password is taken.
package pwned

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Options of New; the zero Options ask api.pwnedpasswords.com.
type Options struct {
	// URL is the service, without the prefix: a mirror of the host's own, for one.
	URL string
	// Client is nil for one that follows no redirects.
	Client *http.Client
	// Timeout bounds one answer; 0 is a second.
	Timeout time.Duration
	// Least is how often a password must have been seen; 0 is once.
	Least int
}

// Checker is an auth.BreachChecker. It is safe for concurrent use.
type Checker struct {
	url     string
	client  *http.Client
	timeout time.Duration
	least   int
}

const (
	service = "https://api.pwnedpasswords.com/range/"
	// prefix is how much of the hash is told, in hexadecimal digits.
	prefix = 5
	// maxAnswer is far above what is sent: about 1000 lines of 40 bytes.
	maxAnswer = 1 << 20
)

// New returns a Checker.
func New(opts Options) *Checker {
	c := &Checker{url: opts.URL, client: opts.Client, timeout: opts.Timeout, least: max(opts.Least, 1)}
	if c.url == "" {
		c.url = service
	}
	if !strings.HasSuffix(c.url, "/") {
		c.url += "/"
	}
	if c.client == nil {
		c.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if c.timeout <= 0 {
		c.timeout = time.Second
	}
	return c
}

var errAnswer = errors.New("pwned: the answer is not one of a range service")

// Breached implements auth.BreachChecker.
func (c *Checker) Breached(ctx context.Context, password string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	sum := sha1.Sum([]byte(password))
	hash := strings.ToUpper(hex.EncodeToString(sum[:]))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+hash[:prefix], nil)
	if err != nil {
		return false, errors.New("pwned: Options.URL is not an address")
	}
	req.Header.Set("Add-Padding", "true")
	resp, err := c.client.Do(req)
	if err != nil {
		// Not the error itself, which has the prefix in it.
		if end := ctx.Err(); end != nil {
			return false, fmt.Errorf("pwned: no answer: %w", end)
		}
		return false, errors.New("pwned: no answer")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("pwned: status %d", resp.StatusCode)
	}
	return c.find(ctx, resp.Body, hash[prefix:])
}

// find reads lines "SUFFIX:COUNT"; those of the padding count 0.
func (c *Checker) find(ctx context.Context, body io.Reader, suffix string) (found bool, err error) {
	lines := bufio.NewScanner(io.LimitReader(body, maxAnswer))
	n := 0
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		rest, count, ok := strings.Cut(line, ":")
		times, err := strconv.Atoi(count)
		if !ok || err != nil || len(rest) != len(suffix) || times < 0 {
			return false, errAnswer
		}
		n++
		if times >= c.least && strings.EqualFold(rest, suffix) {
			found = true
		}
	}
	switch {
	case lines.Err() != nil && ctx.Err() != nil:
		return false, fmt.Errorf("pwned: no answer: %w", ctx.Err())
	case lines.Err() != nil:
		return false, errors.New("pwned: the answer was cut short")
	case n == 0:
		return false, errAnswer // no range is empty
	}
	return found, nil
}
