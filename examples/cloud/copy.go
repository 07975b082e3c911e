package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/profilekit/profilekit/examples/cloud/internal/copying"
	"github.com/profilekit/profilekit/examples/internal/server"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

const copyUsage = `Copies all pictures from one store to another, beside the running program.

  copy -from file:///var/lib/pictures -to 's3://bucket?region=eu-central-1'

What is there already is left out, so a run that was stopped or killed is
continued by running it again. The database (DATABASE_URL, or SQLite in -data)
says which pictures there are. To move:

  1. copy, with the program running on the old store;
  2. restart the program with BLOB_URL at the new store;
  3. copy once more, for what was uploaded in between;
  4. when no program uses the old store: copy with -delete-source, and then
     delete the old folder or bucket: what is left in it are pictures that
     their owners removed.

An address with a secret in it is better given by COPY_FROM or COPY_TO than by
-from or -to, which other users of the machine can see. The exit code is 0 when
every picture is in the new store, else 1.

`

// copyOptions is what flags and environment say.
type copyOptions struct {
	from, to, data, databaseURL  string
	parallel                     int
	dryRun, verify, deleteSource bool
}

// errUsage: the flags have been explained already.
var errUsage = errors.New("usage")

func parseCopy(args []string, env func(string) string, stderr io.Writer) (copyOptions, error) {
	o := copyOptions{databaseURL: env("DATABASE_URL")}
	set := flag.NewFlagSet("copy", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	// Not as default values, which the usage would show.
	set.StringVar(&o.from, "from", "", "store to copy from; otherwise COPY_FROM")
	set.StringVar(&o.to, "to", "", "store to copy to; otherwise COPY_TO")
	set.StringVar(&o.data, "data", "./data", "folder of the SQLite database, when there is no DATABASE_URL")
	set.IntVar(&o.parallel, "parallel", 8, "how many pictures at once, 1 to 64")
	set.BoolVar(&o.dryRun, "dry-run", false, "only say what would be copied")
	set.BoolVar(&o.verify, "verify", false, "read everything back and compare every byte")
	set.BoolVar(&o.deleteSource, "delete-source", false, "at the end, delete what is the same in both stores from the first")
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, copyUsage)
		set.SetOutput(stderr)
		set.PrintDefaults()
		return o, errUsage
	}
	if o.from == "" {
		o.from = env("COPY_FROM")
	}
	if o.to == "" {
		o.to = env("COPY_TO")
	}
	switch {
	case err != nil:
		return o, err
	case set.NArg() > 0:
		return o, errors.New("copy takes flags only; an address with & needs quotes in a shell")
	case o.from == "" || o.to == "":
		return o, errors.New("copy needs -from and -to")
	case o.from == o.to:
		return o, errors.New("-from and -to are the same store")
	case o.parallel < 1 || o.parallel > 64:
		return o, errors.New("-parallel is 1 to 64")
	}
	return o, nil
}

// copyMain runs the command and returns its exit code.
func copyMain(stores []blobs.Opener, args []string, env func(string) string, stdout io.Writer, stderr *os.File) int {
	o, err := parseCopy(args, env, stderr)
	if errors.Is(err, errUsage) {
		return 0
	}
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = copyAll(ctx, o, stores, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "copy: %s\n", strings.Join(strings.Fields(err.Error()), " "))
		return 1
	}
	return 0
}

func copyAll(ctx context.Context, o copyOptions, stores []blobs.Opener, stdout io.Writer, stderr *os.File) error {
	if o.databaseURL == "" { // opening would make an empty one
		if _, err := os.Stat(filepath.Join(o.data, "profilekit.db")); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database in %s: give -data or DATABASE_URL", o.data)
		}
	}
	db, err := server.OpenDatabase(ctx, o.databaseURL, o.data)
	if err != nil {
		return err
	}
	defer db.Close()
	from, closeFrom, err := openStore(ctx, "-from", o.from, stores)
	if err != nil {
		return err
	}
	defer closeFrom()
	to, closeTo, err := openStore(ctx, "-to", o.to, stores)
	if err != nil {
		return err
	}
	defer closeTo()
	keys, err := newLedger(db.Ledger())
	if err != nil {
		return err
	}
	total, err := keys.count(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	shown := newProgress(stderr, total, time.Now)
	report, err := copying.Run(ctx, copying.Config{
		From: from, To: to, Keys: keys, Parallel: o.parallel,
		DryRun: o.dryRun, Verify: o.verify, DeleteSource: o.deleteSource, Progress: shown.show,
	})
	shown.end()
	fmt.Fprint(stderr, report.Explain())
	fmt.Fprintln(stdout, summary(o, report, time.Since(start)))
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("stopped; run it again to go on")
	case errors.Is(err, copying.ErrIncomplete):
		return fmt.Errorf("%d failed; run it again to try them once more", report.Failed)
	}
	return err
}

func openStore(ctx context.Context, flag, address string, stores []blobs.Opener) (storage.BlobStore, func() error, error) {
	s, done, err := blobs.Open(ctx, address, stores...)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", flag, err)
	}
	return s, done, nil
}

func summary(o copyOptions, r copying.Report, took time.Duration) string {
	word := "copied"
	if o.dryRun {
		word = "would copy"
	}
	s := fmt.Sprintf("%s %d blobs (%s), %d there already, %d failed", word, r.Copied, size(r.Bytes), r.Present, r.Failed)
	if r.Gone > 0 {
		s += fmt.Sprintf(", %d removed meanwhile", r.Gone)
	}
	if r.Deleted > 0 {
		s += fmt.Sprintf(", %d deleted from the source", r.Deleted)
	}
	return s + ", in " + took.Round(100*time.Millisecond).String()
}

func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}
