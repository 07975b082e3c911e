package heic

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/profile/picture"
)

// refusal is why parse, or else the decoder, refused.
func refusal(t *testing.T, data []byte) string {
	t.Helper()
	s, err := parse(data, 50_000_000)
	if err == nil {
		_, err = compiled().decode(t.Context(), s)
	}
	var rejected *picture.RejectedError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &rejected):
		return rejected.Reason
	case errors.Is(err, picture.ErrUnsupported):
		return "unsupported"
	}
	return err.Error()
}

func TestS60_Refused(t *testing.T) {
	coded := cardHEIC(t, 96, 64)
	good := func(change func(*spec)) []byte {
		s := single(t, coded)
		change(&s)
		return s.file()
	}
	grid := func(change func(*spec)) []byte {
		s := gridSpec(t, 200, 150)
		change(&s)
		return s.file()
	}
	body := func(s *spec) []byte { return s.items[len(s.items)-1].data }
	huge := []byte{0, 1, 0, 0, 0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0} // a grid of 100000 x 100000
	for name, c := range map[string]struct {
		want string
		data []byte
	}{
		"as is":              {"", good(func(*spec) {})},
		"as is, grid":        {"", grid(func(*spec) {})},
		"other major brand":  {"", good(func(s *spec) { s.brand = "mif1" })},
		"pieces":             {"", good(func(s *spec) { s.items[0].pieces = 5 })},
		"in idat":            {"", good(func(s *spec) { s.items[0].method = 1 })},
		"unknown, optional":  {"", good(func(s *spec) { s.items[0].props = append(s.items[0].props, s.prop("xyz ", nil)) })},
		"unknown, essential": {"unsupported", good(func(s *spec) { s.items[0].props = append(s.items[0].props, 0x80|s.prop("xyz ", nil)) })},
		"AVIF":               {"unsupported", good(func(s *spec) { s.items[0].kind = "av01" })},
		"overlay":            {"unsupported", good(func(s *spec) { s.items[0].kind = "iovl" })},
		"encrypted":          {"unsupported", good(func(s *spec) { s.items[0].protected = true })},
		"hidden":             {"corrupt", good(func(s *spec) { s.items[0].hidden = true })},
		"no such primary":    {"corrupt", good(func(s *spec) { s.primary = 7 })},
		"item twice":         {"corrupt", good(func(s *spec) { s.items = append(s.items, s.items[0]) })},
		"no properties":      {"corrupt", good(func(s *spec) { s.items[0].props = nil })},
		"property 99":        {"corrupt", good(func(s *spec) { s.items[0].props = append(s.items[0].props, 99) })},
		"two sizes":          {"corrupt", good(func(s *spec) { s.items[0].props = append(s.items[0].props, s.prop("ispe", ispe(96, 64))) })},
		"100000 x 100000":    {"pixels", good(func(s *spec) { s.props[1].body = ispe(100_000, 100_000) })},
		"2^32-1 x 1":         {"pixels", good(func(s *spec) { s.props[1].body = ispe(1<<32-1, 1) })},
		"0 x 64":             {"sides", good(func(s *spec) { s.props[1].body = ispe(0, 64) })},
		"larger than coded":  {"corrupt", good(func(s *spec) { s.props[1].body = ispe(97, 64) })},
		"far smaller":        {"corrupt", good(func(s *spec) { s.props[1].body = ispe(16, 64) })},
		"no units":           {"corrupt", good(func(s *spec) { s.items[0].data = []byte{0, 0, 0, 0} })},
		"noise for units":    {"corrupt", good(func(s *spec) { s.items[0].data = bytes.Repeat([]byte{0, 0, 0, 4, 0x26, 1, 0x80, 7}, 100) })},
		"grid, huge":         {"pixels", grid(func(s *spec) { s.items[len(s.items)-1].data = huge })},
		"grid, 0 rows":       {"sides", grid(func(s *spec) { copy(body(s)[4:], []byte{0, 0}) })},
		"grid, many tiles":   {"chunks", grid(func(s *spec) { copy(body(s)[2:], []byte{255, 255}) })},
		"grid, tile missing": {"corrupt", grid(func(s *spec) { s.refs[0].to = s.refs[0].to[1:] })},
		"grid, tile unknown": {"corrupt", grid(func(s *spec) { s.refs[0].to[3] = 999 })},
		"grid of itself":     {"unsupported", grid(func(s *spec) { s.refs[0].to[3] = 1000 })},
		"grid, not covered":  {"corrupt", grid(func(s *spec) { copy(body(s)[4:], []byte{1, 44}); s.items[len(s.items)-1].props = nil })},
		"grid, tile's bomb":  {"pixels", grid(func(s *spec) { s.props[0].body = ispe(100_000, 100_000) })},
		"grid, turned tile":  {"unsupported", grid(func(s *spec) { s.items[2].props = append(s.items[2].props, s.prop("irot", []byte{1})) })},
		"turned twice": {"corrupt", good(func(s *spec) {
			s.items[0].props = append(s.items[0].props, s.prop("irot", []byte{1}), s.prop("irot", []byte{1}))
		})},
		"aperture outside": {"corrupt", good(func(s *spec) {
			s.items[0].props = append(s.items[0].props, s.prop("clap", clap(90, 60, 100, 0)))
		})},
		"aperture of 0": {"corrupt", good(func(s *spec) {
			s.items[0].props = append(s.items[0].props, s.prop("clap", clap(0, 60, 0, 0)))
		})},
		"same bytes again and again": {"corrupt", grid(func(s *spec) {
			for i := range s.refs[0].to {
				s.refs[0].to[i] = 1
			}
			s.items[0].data = append(s.items[0].data, make([]byte, 100_000)...)
		})},
		"strange matrix": {"unsupported", good(func(s *spec) {
			s.items[0].props = append(s.items[0].props, s.prop("colr", nclxBox(1, 13, 8, true)))
		})},
		"boxes without end": {"chunks", good(func(s *spec) {
			s.before = func(w *boxWriter) {
				for range maxBoxes {
					w.box("free", func() {})
				}
			}
		})},
		"references without end": {"chunks", good(func(s *spec) {
			for i := range uint16(40) {
				s.refs = append(s.refs, specRef{"auxl", 200 + i, []uint16{1}})
			}
		})},
		"second meta": {"corrupt", good(func(s *spec) {
			s.before = func(w *boxWriter) {
				w.box("meta", func() { w.u32(0); w.box("hdlr", func() { w.str("\x00\x00\x00\x00\x00\x00\x00\x00pict") }) })
			}
		})},
		"a box within itself": {"corrupt", good(func(s *spec) { s.extra = func(w *boxWriter) { w.str("\x00\x00\x00\x07free") } })},
		"sequence":            {"unsupported", []byte("\x00\x00\x00\x10ftyphevc\x00\x00\x00\x00\x00\x00\x00\x08moov")},
		"nothing":             {"corrupt", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refusal(t, c.data); got != c.want {
				t.Errorf("refused as %q; want %q", got, c.want)
			}
		})
	}
}

func TestS60_DeepFullColour(t *testing.T) {
	data := noise(t, 64, 64, true, "-b", "10", "-p", "chroma=444")
	if got := refusal(t, data); got != "unsupported" {
		t.Errorf("refused as %q", got)
	}
}

// What the bitstream says makes the decoder allocate, not what the file says.
func TestS60_BitstreamLargerThanTheFileSays(t *testing.T) {
	small, large := single(t, cardHEIC(t, 96, 64)), single(t, cardHEIC(t, 1024, 768))
	mixed := small
	mixed.props = slices.Clone(small.props)
	mixed.props[0] = large.props[0]
	if got := refusal(t, mixed.file()); got != picture.ReasonCorrupt {
		t.Errorf("refused as %q", got)
	}
	// A parameter set within the pictures is left out.
	unit := firstSequence(t, large.props[0].body)
	inside := small
	inside.items = slices.Clone(small.items)
	inside.items[0].data = append(append(binary.BigEndian.AppendUint32(nil, uint32(len(unit))), unit...), small.items[0].data...)
	checkCard(t, decodeUpright(t, inside.file()), 96, 64)
}

func firstSequence(t *testing.T, hvcC []byte) []byte {
	t.Helper()
	var found []byte
	if err := configUnits(hvcC, func(unit []byte) error {
		if unitKind(unit) == unitSequence {
			found = unit
		}
		return nil
	}); err != nil || found == nil {
		t.Fatal("no sequence", err)
	}
	return found
}

func TestS60_Truncated(t *testing.T) {
	for name, data := range map[string][]byte{"single": cardHEIC(t, 96, 64), "grid": gridSpec(t, 200, 150).file()} {
		for n := range data {
			s, err := parse(data[:n], 50_000_000)
			if err == nil {
				t.Fatalf("%s: the first %d of %d bytes are taken: %+v", name, n, len(data), s)
			}
			var rejected *picture.RejectedError
			if !errors.As(err, &rejected) || rejected.Reason != picture.ReasonCorrupt {
				t.Fatalf("%s: the first %d bytes: %v", name, n, err)
			}
		}
	}
}

// A limit is told from the head of the file, before the rest has come.
func TestS60_PixelsFromTheHead(t *testing.T) {
	s := single(t, cardHEIC(t, 96, 64))
	s.props[1].body = ispe(20_000, 20_000)
	file := s.file()
	_, err := parse(file[:bytes.Index(file, []byte("mdat"))], 50_000_000)
	if err == nil || !strings.Contains(err.Error(), "20000 x 20000") {
		t.Errorf("%v", err)
	}
}

func TestS59_NothingElseReachesTheDecoder(t *testing.T) {
	exif := []byte("PLACE OF THE PICTURE")
	s := single(t, cardHEIC(t, 96, 64))
	s.items = append(s.items, specItem{id: 2, kind: "Exif", data: exif})
	s.refs = append(s.refs, specRef{"cdsc", 2, []uint16{1}})
	file, err := mustParse(t, s.file()).color.tiles[0].file()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, exif) || bytes.Contains(file, []byte("Exif")) || bytes.Contains(file, []byte("x265")) {
		t.Error("the decoder is given more than the picture")
	}
}
