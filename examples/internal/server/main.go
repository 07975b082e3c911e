// Package server is the program that the examples share: it reads flags and
// environment, opens the stores, mounts httpadapter and the web page on one
// mux, and serves until it is told to stop.
package server

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // time zones are checked against it where the machine has none

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/settings/notify/twilio"
	"github.com/profilekit/profilekit/storage/blobs"
)

const (
	// startTimeout bounds everything before the first request.
	startTimeout = 25 * time.Second
	// stopTimeout is how long requests in flight may take to finish.
	stopTimeout = 10 * time.Second
	// giveUpAfter is when those that still wait, for a slow body or a slow
	// database, are answered with 503, so that none is cut at stopTimeout.
	giveUpAfter = 5 * time.Second
)

// Program is in what the examples differ.
type Program struct {
	Name string
	// Stores open what BLOB_URL names. Without it pictures are kept below the data folder.
	Stores []blobs.Opener
	// ShowsOutbox is whether a page shows the messages that were not sent, to somebody on
	// the same machine.
	ShowsOutbox bool
}

// Main runs the program and returns its exit code. What stops it at start is
// one line on stderr.
func Main(p Program, args []string, env func(string) string, stdout, stderr io.Writer) int {
	opt, err := parse(p.Name, args, env, stderr)
	opt.stores, opt.showsOutbox = p.Stores, p.ShowsOutbox
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = run(ctx, opt, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", p.Name, oneLine(err))
		return 1
	}
	return 0
}

func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

// options is what flags and environment say.
type options struct {
	name        string
	addr, data  string
	purge       bool
	command     []string // "keys" and what follows it
	databaseURL string
	blobURL     string
	stores      []blobs.Opener
	showsOutbox bool
	baseURL     string
	secretKeys  string
	smtpURL     string
	mailFrom    string
	twilio      twilio.Options
	limitsOff   bool
	verbose     bool
	recovery    auth.FactorRecovery
	proxies     []netip.Prefix
}

func parse(name string, args []string, env func(string) string, stderr io.Writer) (options, error) {
	o := options{name: name}
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // an error is one line, Main's
	fs.StringVar(&o.addr, "addr", ":3000", "address to listen on")
	fs.StringVar(&o.data, "data", "./data", "folder that keeps everything")
	fs.BoolVar(&o.purge, "purge", false, "delete pictures nobody points to, whatever their age, and exit")
	fs.BoolVar(&o.verbose, "v", false, "print at the start what is on, off and hidden, and why")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fs.SetOutput(stderr)
			fs.Usage()
		}
		return o, err
	}
	if o.command = fs.Args(); len(o.command) > 0 && o.command[0] != "keys" {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	o.databaseURL = env("DATABASE_URL")
	o.blobURL = env("BLOB_URL")
	o.secretKeys = env("SECRET_KEYS")
	o.smtpURL = env("SMTP_URL")
	o.mailFrom = env("MAIL_FROM")
	o.baseURL = env("BASE_URL")
	o.twilio = twilio.Options{
		Account: env("TWILIO_ACCOUNT_SID"), Key: env("TWILIO_API_KEY"), Secret: env("TWILIO_AUTH_TOKEN"),
		From: env("TWILIO_FROM"), Service: env("TWILIO_MESSAGING_SERVICE_SID"), Base: env("TWILIO_API_BASE"),
	}
	var err error
	if o.recovery, err = recovery(env("FACTOR_RECOVERY"), o.addr); err != nil {
		return o, err
	}
	if o.proxies, err = proxies(env("TRUSTED_PROXIES")); err != nil {
		return o, err
	}
	switch v := env("LIMITS"); v {
	case "", "on":
	case "off":
		if !loopback(o.addr) {
			return o, errors.New("LIMITS=off is only for load tests: listen on loopback, for example -addr 127.0.0.1:3000")
		}
		o.limitsOff = true
	default:
		return o, fmt.Errorf("LIMITS must be on or off")
	}
	return o, nil
}

// defaultBaseURL is where a browser on this machine finds addr. The port is that
// of ln, if there is one: port 0 lets the system choose.
func defaultBaseURL(addr string, ln net.Listener) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "http://localhost:3000"
	}
	if ln != nil {
		if _, p, err := net.SplitHostPort(ln.Addr().String()); err == nil {
			port = p
		}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// recovery reads how long somebody waits who lost every second factor: "off", or
// a duration. One that is shorter than package auth allows is for tests.
func recovery(value, addr string) (auth.FactorRecovery, error) {
	switch value {
	case "":
		return auth.FactorRecovery{Wait: auth.RecoveryWait}, nil
	case "off":
		return auth.FactorRecovery{}, nil
	}
	wait, err := time.ParseDuration(value)
	if err != nil || wait <= 0 {
		return auth.FactorRecovery{}, errors.New("FACTOR_RECOVERY must be off or a duration such as 72h")
	}
	short := wait < auth.LeastRecoveryWait
	if short && !loopback(addr) {
		return auth.FactorRecovery{}, fmt.Errorf("FACTOR_RECOVERY below %v is only for tests: listen on loopback, for example -addr 127.0.0.1:3000", auth.LeastRecoveryWait)
	}
	return auth.FactorRecovery{Wait: wait, AnyWait: short}, nil
}

// proxies reads a list of addresses and networks, with commas between, of proxies whose
// X-Forwarded-For is believed. A network of all addresses is refused: then everybody could
// say to be anybody, and no limit of an address would hold.
func proxies(value string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		p, err := netip.ParsePrefix(part)
		if ip, errIP := netip.ParseAddr(part); errIP == nil {
			p, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil || p.Bits() == 0 {
			return nil, fmt.Errorf("TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8, not %q", part)
		}
		list = append(list, p)
	}
	return list, nil
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func run(ctx context.Context, opt options, stdout, stderr io.Writer) error {
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if len(opt.command) > 0 {
		return rotate(ctx, opt, opt.command[1:], stdout, log)
	}
	startCtx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	// The port first: a second copy must not touch the data of the first.
	var ln net.Listener
	if !opt.purge {
		var err error
		if ln, err = (&net.ListenConfig{}).Listen(startCtx, "tcp", opt.addr); err != nil {
			return fmt.Errorf("cannot listen on %s: %w", opt.addr, err)
		}
		defer ln.Close()
	}
	if opt.baseURL == "" {
		opt.baseURL = defaultBaseURL(opt.addr, ln)
	}
	h, err := open(startCtx, opt, log)
	if err != nil {
		return err
	}
	defer h.close()
	if opt.purge {
		n, err := h.app.Pictures.PurgeBlobs(ctx, 0)
		if err != nil {
			return fmt.Errorf("purge: %w", err)
		}
		fmt.Fprintf(stdout, "purged %d blobs\n", n)
		return nil
	}

	mux := http.NewServeMux()
	h.app.Register(mux)
	h.health(mux)
	if h.outbox != nil {
		h.outbox.mount(mux, log)
	}
	if err := pages(mux, h.images, h.outbox); err != nil {
		return err
	}
	return serve(ctx, ln, mux, h, opt, stdout, log)
}

// serve answers until ctx ends, then lets what is in flight finish.
func serve(ctx context.Context, ln net.Listener, mux http.Handler, h *host, opt options, stdout io.Writer, log *slog.Logger) error {
	base, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	srv := &http.Server{
		Handler:           mux,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		WriteTimeout:      2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 2)
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		if err := h.app.Run(workCtx); workCtx.Err() == nil {
			failed <- err // without what sends mail the program is of little use
		}
	}()
	defer func() {
		stopWork()
		<-worked
	}()

	fmt.Fprintf(stdout, "%s: open %s (data in %s, stop with Ctrl-C)\n", opt.name, opt.baseURL, opt.data)
	if h.outbox != nil {
		fmt.Fprintf(stdout, "%s: nothing is sent; read the messages at %s\n", opt.name, h.outbox.origin+outboxPath)
	}
	if opt.verbose {
		printFeatures(stdout, h.app.Features())
	}
	go func() { failed <- srv.Serve(ln) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	defer time.AfterFunc(giveUpAfter, giveUp).Stop()
	if err := srv.Shutdown(stopCtx); err != nil {
		return fmt.Errorf("stopping: requests were still running after %s", stopTimeout)
	}
	return nil
}

// printFeatures prints a line for each feature: its name, its state and the reason.
func printFeatures(w io.Writer, list []httpadapter.Feature) {
	for _, f := range list {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-18s %-7s %s", f.Name, f.State, f.Why), " "))
	}
}
