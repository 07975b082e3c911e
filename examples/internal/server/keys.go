package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
)

const keysUsage = `keys: the secret keys, and how much in the database each one sealed
  keys add       a new key at the end: restart all nodes, which then open what it seals
  keys use ID    the key in front: restart all nodes, which then seal with it
  keys reseal    seal anew, with the first key, what older ones sealed
  keys drop ID   remove a key that nothing needs: restart all nodes
Without SECRET_KEYS they are in the file secret-keys of the data folder; with it, its new value is printed`

// rotate is the command keys: it changes the ring in steps between which nobody
// is signed out and nothing is lost, on any number of nodes.
func rotate(ctx context.Context, opt options, args []string, stdout io.Writer, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if len(args) == 0 {
		args = []string{"list"}
	}
	want := map[string]int{"list": 1, "add": 1, "reseal": 1, "use": 2, "drop": 2}
	if want[args[0]] != len(args) {
		return errors.New(keysUsage)
	}
	if opt.baseURL == "" {
		opt.baseURL = defaultBaseURL(opt.addr, nil)
	}
	h, err := open(ctx, opt, log)
	if err != nil {
		return err
	}
	defer h.close()
	keys := h.keys.Keys()
	switch args[0] {
	case "list":
		return h.listKeys(ctx, stdout)
	case "reseal":
		report, err := h.app.Auth.Reseal(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%d factors looked at, %d sealed anew with %s\n", report.Factors, report.Resealed, h.keys.IDs()[0])
		if n := len(report.Lost); n > 0 {
			return fmt.Errorf("%d factors cannot be opened by any key: %s", n, strings.Join(report.Lost, " "))
		}
		return nil
	case "add":
		keys = append(keys, keyring.Generate())
		return opt.keepKeys(keys, stdout)
	}
	i := slices.IndexFunc(keys, func(k keyring.Key) bool { return k.ID == args[1] })
	if i < 0 {
		return fmt.Errorf("there is no key %s; there are %s", args[1], strings.Join(h.keys.IDs(), " "))
	}
	key := keys[i]
	keys = slices.Delete(keys, i, i+1)
	if args[0] == "use" {
		return opt.keepKeys(slices.Insert(keys, 0, key), stdout)
	}
	if i == 0 {
		return fmt.Errorf("%s is the key that seals: use another first", key.ID)
	}
	n, err := h.sealed(ctx)
	if err != nil {
		return err
	}
	if n := n[key.ID]; n != (sealedBy{}) {
		return fmt.Errorf("%s is still needed by %s: reseal, and let the letters be sent", key.ID, n)
	}
	return opt.keepKeys(keys, stdout)
}

// sealedBy is what one key sealed.
type sealedBy struct{ factors, letters int }

func (s sealedBy) String() string {
	return fmt.Sprintf("%d second factors and %d letters that wait", s.factors, s.letters)
}

// sealed counts what is in the database by the key that sealed it.
func (h *host) sealed(ctx context.Context) (map[string]sealedBy, error) {
	const page = 500
	by := map[string]sealedBy{}
	count := func(sealed []byte, add sealedBy) {
		// Data that is not sealed, as the public key of a passkey, needs no key.
		if id, err := h.keys.SealedBy(sealed); err == nil {
			n := by[id]
			by[id] = sealedBy{n.factors + add.factors, n.letters + add.letters}
		}
	}
	walker, ok := storage.As[authstore.FactorWalker](h.db.Auth().Factors)
	if !ok {
		return nil, errors.New("factors cannot be walked")
	}
	for after := ""; ; {
		list, err := walker.FactorsAfter(ctx, after, page)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			count(r.Data, sealedBy{factors: 1})
		}
		if len(list) < page {
			break
		}
		after = list[len(list)-1].ID
	}
	letters, ok := storage.As[notify.OutboxWalker](h.db.Outbox())
	if !ok {
		return nil, errors.New("letters cannot be walked")
	}
	for after := ""; ; {
		list, err := letters.WaitingItems(ctx, after, page)
		if err != nil {
			return nil, err
		}
		for _, i := range list {
			count(i.Body, sealedBy{letters: 1})
		}
		if len(list) < page {
			return by, nil
		}
		after = list[len(list)-1].ID
	}
}

func (h *host) listKeys(ctx context.Context, stdout io.Writer) error {
	by, err := h.sealed(ctx)
	if err != nil {
		return err
	}
	for i, id := range h.keys.IDs() {
		does := "opens"
		if i == 0 {
			does = "seals and opens"
		}
		fmt.Fprintf(stdout, "%s  %s; sealed %s\n", id, does, by[id])
		delete(by, id)
	}
	for id, n := range by {
		fmt.Fprintf(stdout, "%s  is MISSING; sealed %s\n", id, n)
	}
	return nil
}

// keepKeys puts the ring where it was taken from.
func (o options) keepKeys(keys []keyring.Key, stdout io.Writer) error {
	ring, err := keyring.New(keys...)
	if err != nil {
		return err
	}
	text := make([]string, len(keys))
	for i, k := range keys {
		text[i] = k.Encode()
	}
	if o.secretKeys != "" {
		fmt.Fprintf(stdout, "SECRET_KEYS=%s\n", strings.Join(text, ","))
		return nil
	}
	path := keysFile(o.data)
	f, err := os.CreateTemp(filepath.Dir(path), ".secret-keys-*") // readable by its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.WriteString(f, strings.Join(text, ",")+"\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "keys are %s now; restart every node\n", strings.Join(ring.IDs(), " "))
	return nil
}
