package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/profile/picture/heic"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// host is the opened program.
type host struct {
	db     *sqlstore.DB
	app    *httpadapter.App
	keys   *keyring.Ring
	images string  // where pictures are served besides here, an origin, or ""
	outbox *outbox // nil when there is no page for it
	closer []func() error
}

func (h *host) close() {
	for i := len(h.closer) - 1; i >= 0; i-- {
		h.closer[i]()
	}
}

// open opens stores and keys and builds the app.
func open(ctx context.Context, opt options, log *slog.Logger) (_ *host, err error) {
	h := &host{}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if err := dataFolder(opt.data); err != nil {
		return nil, err
	}
	if h.keys, err = openKeys(opt.secretKeys, keysFile(opt.data)); err != nil {
		return nil, err
	}
	if h.db, err = OpenDatabase(ctx, opt.databaseURL, opt.data); err != nil {
		return nil, err
	}
	h.closer = append(h.closer, h.db.Close)
	if err := h.db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	blobs, closeBlobs, err := openBlobs(ctx, opt)
	if err != nil {
		return nil, err
	}
	h.closer = append(h.closer, closeBlobs)
	h.images = imageOrigin(blobs)
	// The pictures of iPhones. It is compiled with the first of them; a busy
	// host calls Warm at its start.
	photos, err := heic.New(heic.Options{})
	if err != nil {
		return nil, err
	}
	h.closer = append(h.closer, photos.Close)
	mail, err := h.openPost(opt)
	if err != nil {
		return nil, err
	}
	passkeys, err := openPasskeys(h.keys, opt.baseURL)
	if err != nil {
		return nil, err
	}
	_, direct := storage.As[storage.DirectUploader](blobs)
	stores := httpadapter.StoresOf(h.db)
	if opt.limitsOff {
		stores = stores.Unlimited()
	}
	h.app, err = httpadapter.New(httpadapter.Config{
		Name: "profilekit", Stores: stores, Blobs: blobs, Keys: h.keys, BaseURL: opt.baseURL,
		Mail: mail, Auth: auth.Policy{Passkeys: passkeys, Codes: auth.Codes{Channels: []authmail.Channel{authmail.BySMS}}, FactorRecovery: opt.recovery, Links: links(opt.baseURL)},
		Pictures: picture.Policy{Decoders: []picture.Decoder{photos}, Direct: direct},
		HTTP:     httpadapter.HTTP{TrustedProxies: opt.proxies},
		Logger:   log,
	})
	return h, err
}

// links are the default ones, but for the one that needs a sign-in beside it: the
// page for that is our own.
func links(baseURL string) authmail.Links {
	l := authmail.DefaultLinks(baseURL)
	l.Recover = strings.TrimSuffix(baseURL, "/") + "/login#recover={token}"
	return l
}

// openPasskeys is nil where there can be none: passkeys are for a name, never for
// an IP address. What is wrong with the URL otherwise is httpadapter's to say.
func openPasskeys(keys *keyring.Ring, baseURL string) (authfactor.Passkeys, error) {
	u, err := url.Parse(baseURL)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil {
		return nil, nil
	}
	return passkey.New(keys, passkey.Options{Origin: u.Scheme + "://" + u.Host, Name: "profilekit"})
}

// dataFolder makes the folder and refuses one that is marked read-only, which
// the superuser could write to all the same.
func dataFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if info.Mode().Perm()&0o222 == 0 {
		return fmt.Errorf("data folder %s is read-only", path)
	}
	probe, err := os.CreateTemp(path, ".write-test-*")
	if err != nil {
		return fmt.Errorf("data folder %s cannot be written: %w", path, errors.Unwrap(err))
	}
	probe.Close()
	return os.Remove(probe.Name())
}

func keysFile(data string) string { return filepath.Join(data, "secret-keys") }

// openKeys takes the keys given, else those kept in the file, else makes some
// and keeps them.
func openKeys(given, path string) (*keyring.Ring, error) {
	if given != "" {
		ring, err := keyring.Parse(given)
		if err != nil {
			return nil, fmt.Errorf("SECRET_KEYS: %w", err)
		}
		return ring, nil
	}
	kept, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeKeys(path); err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		kept, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	ring, err := keyring.Parse(strings.TrimSpace(string(kept)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ring, nil
}

// makeKeys writes new keys to path, unless another first start was quicker.
// The file appears with all of its content or not at all: keys that are cut
// short, or that two starts see differently, would lock people out.
func makeKeys(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".secret-keys-*") // readable by its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.WriteString(f, keyring.Generate().Encode()+"\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// health mounts /healthz, which says that the process serves, and /readyz,
// which says that what it depends on answers.
func (h *host) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { report(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		report(w, h.db.Ping(ctx))
	})
}

func report(w http.ResponseWriter, err error) {
	status, word := http.StatusOK, "ok"
	if err != nil { // its text may name hosts; the log has it
		status, word = http.StatusServiceUnavailable, "unavailable"
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"status": word})
}
