package auth

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/profilekit/profilekit/internal/knownpasswords"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// BreachChecker knows passwords that were in breaches; auth/pwned is one.
type BreachChecker interface {
	// Breached reports whether the password is known. It must obey ctx and be
	// quick: somebody waits for the answer.
	Breached(ctx context.Context, password string) (bool, error)
}

// contextWord is the least length, in code points, of a name that a password
// must not consist of, and besideWords what must be left without the names.
const (
	contextWord = 4
	besideWords = 8
)

// checkNamed is checkNew and the lists that are at hand: words are the names
// that belong to the account. A password that is too short says only that.
func (s *Service) checkNamed(field, password string, words ...string) error {
	if err := s.checkNew(field, password); err != nil {
		return err
	}
	if knownpasswords.Contains(password) {
		return input.Invalid(input.New(field, input.Common, nil))
	}
	if onlyNames(password, append(words, s.contextWords...)) {
		return input.Invalid(input.New(field, input.Personal, input.Params{"min": besideWords}))
	}
	return nil
}

// unbreached asks Config.Breaches. It is called outside of transactions, and
// after the limits and all that is known without asking.
func (s *Service) unbreached(ctx context.Context, field, password string) error {
	if s.breaches == nil {
		return nil
	}
	breached, err := s.breaches.Breached(ctx, password)
	switch {
	case err == nil && breached:
		return input.Invalid(input.New(field, input.Breached, nil))
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case s.breachesRequired:
		return &storage.UnavailableError{Err: fmt.Errorf("auth: the check for breached passwords failed: %w", err)}
	}
	// The other rules hold; nobody is kept out because a foreign service is down.
	s.logger.LogAttrs(ctx, slog.LevelWarn, "auth: a new password was not checked for breaches", slog.Any("error", err))
	return nil
}

// onlyNames reports whether too little of password is left without the words.
func onlyNames(password string, words []string) bool {
	rest := strings.ToLower(password)
	found := false
	for _, w := range namesIn(words) {
		if strings.Contains(rest, w) {
			found = true
			rest = strings.ReplaceAll(rest, w, "")
		}
	}
	return found && utf8.RuneCountInString(rest) < besideWords
}

// namesIn are the words themselves, the parts of e-mail addresses, and the
// parts between spaces, in lower case, the longest first.
func namesIn(words []string) []string {
	var names []string
	add := func(w string) {
		if utf8.RuneCountInString(w) >= contextWord {
			names = append(names, w)
		}
	}
	for _, w := range words {
		w = strings.ToLower(w)
		add(w)
		if local, domain, ok := strings.Cut(w, "@"); ok {
			add(local)
			add(domain)
			for label := range strings.SplitSeq(domain, ".") {
				add(label)
			}
			continue
		}
		for part := range strings.FieldsSeq(w) {
			add(part)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return names
}

// namesOf are the words that belong to an account.
func namesOf(u profile.User) []string {
	return []string{u.Username, u.Email, u.DisplayName, u.GivenName, u.FamilyName}
}
