package auth

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// resetMark before a stored hash says that the password must be reset. No
// hash.Hasher knows such a text, so it opens nothing, on a node of an earlier
// release too.
const resetMark = "!reset!"

// isMarked reports whether it has the mark.
func isMarked(hash string) bool { return strings.HasPrefix(hash, resetMark) }

// marked is hash with the mark.
func marked(hash string) string { return resetMark + strings.TrimPrefix(hash, resetMark) }

// ReportLink returns a link "this wasn't me" for a message to the user at the address to, in
// the transaction that the message is written in. It lives for 7 days, and in a mailbox of
// before no longer than the change of the address can be undone.
func (s *Service) ReportLink(ctx context.Context, userID, to string) (string, error) {
	if s.links == (authmail.Links{}) {
		return "", ErrNoCourier
	}
	report, err := s.newSecret(forReport, userID, []byte(to), s.now(), reportLife)
	if err != nil {
		return "", err
	}
	if err := s.tickets.AddTickets(ctx, userID, "", []authstore.Ticket{report.Ticket}); err != nil {
		return "", err
	}
	return authmail.LinkTo(s.links.Report, report.token), nil
}

// Report is what somebody does who did not do what a message says: all sessions
// of the account end, what was begun is off, a deletion too, and the password must be reset by
// a link to the stored address. The second factor stays. A token that is wrong, expired,
// used, or of a message to an address that is no longer the account's, is ErrInvalidToken.
func (s *Service) Report(ctx context.Context, c Client, token string) error {
	ctx = withClient(ctx, c)
	t, err := s.peek(ctx, c, forReport, token)
	if err != nil {
		return err
	}
	err = s.whole(ctx, func(ctx context.Context) error {
		user, hash, err := s.locked(ctx, t.UserID)
		if err != nil {
			return err
		}
		if err := s.stillReports(ctx, user, string(t.Data)); err != nil {
			return err
		}
		if err := s.takeIn(ctx, forReport, t); err != nil {
			return err
		}
		ended, err := s.cutOff(ctx, user, hash, marked(hash), "", byReport)
		if err != nil {
			return err
		}
		patch := profile.Patch{IfVersion: user.Version}
		if user.PendingEmail != "" {
			patch.PendingEmail = new("")
		}
		if user.DeletionPending() {
			patch.DeletesAt = &time.Time{}
		}
		event := activity.NewEvent(ctx, authevent.Reported, user.ID, s.now(), map[string]string{detailEnded: strconv.Itoa(ended)})
		if patch == (profile.Patch{IfVersion: user.Version}) {
			return s.record(ctx, event)
		}
		return s.change(ctx, user, patch, event)
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelWarn, authevent.Reported, t.UserID)
	return nil
}

// stillReports is ErrInvalidToken when the link of a message to the address may not report
// any more: the account has another address, and no change away from that one can be
// undone. Links of an earlier release name no address, and live for days only.
func (s *Service) stillReports(ctx context.Context, user profile.User, address string) error {
	if address == "" || address == user.Email {
		return nil
	}
	undos, err := s.tickets.Tickets(ctx, user.ID, forEmailUndo, s.now())
	if err != nil {
		return err
	}
	for _, undo := range undos {
		if ch, err := s.emailChange(undo); err == nil && ch.From == address {
			return nil
		}
	}
	return ErrInvalidToken
}
