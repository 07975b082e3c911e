package logging_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/logging"
)

func TestWarningsGoToTheDefault(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	l := logging.Or(nil).With("part", "pictures").WithGroup("g")
	var out bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil))) // after the logger was made
	l.Info("quiet", "n", 1)
	l.Warn("loud", "n", 2)
	l.Error("louder", "n", 3)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "msg=loud part=pictures g.n=2") || !strings.Contains(lines[1], "level=ERROR msg=louder part=pictures g.n=3") {
		t.Errorf("%q", lines)
	}
	own := slog.New(slog.DiscardHandler)
	if logging.Or(own) != own {
		t.Error("a logger that was given is another one")
	}
}
