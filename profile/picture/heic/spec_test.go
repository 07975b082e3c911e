package heic

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// spec is a HEIF file that a test writes itself: heif-enc of Debian makes no
// grids, turns or colour boxes.
type spec struct {
	brand   string // major; "" is heic
	brands  string // compatible ones
	primary uint16
	items   []specItem
	props   []property
	refs    []specRef
	extra   func(w *boxWriter) // more boxes in meta
	before  func(w *boxWriter) // boxes in front of meta
}

type specItem struct {
	id        uint16
	kind      string
	data      []byte
	props     []byte // numbers from 1; 0x80 added: essential
	hidden    bool
	protected bool
	method    uint16 // 1: in idat
	pieces    int    // extents
}

type specRef struct {
	kind string
	from uint16
	to   []uint16
}

func (s *spec) prop(kind string, body []byte) byte {
	s.props = append(s.props, property{kind, body})
	return byte(len(s.props))
}

func (s spec) file() []byte {
	var w boxWriter
	if s.brand == "" {
		s.brand = "heic"
	}
	w.box("ftyp", func() { w.str(s.brand + "\x00\x00\x00\x00mif1" + s.brands) })
	if s.before != nil {
		s.before(&w)
	}
	place := map[int]int{} // where the offset of an item is written
	w.box("meta", func() {
		w.u32(0)
		w.box("hdlr", func() { w.str("\x00\x00\x00\x00\x00\x00\x00\x00pict"); w.str(string(make([]byte, 13))) })
		w.box("pitm", func() { w.u32(0); w.u16(s.primary) })
		w.box("iinf", func() {
			w.u32(0)
			w.u16(uint16(len(s.items)))
			for _, it := range s.items {
				w.box("infe", func() {
					flags := uint32(0)
					if it.hidden {
						flags = 1
					}
					w.u32(2<<24 | flags)
					w.u16(it.id)
					protection := uint16(0)
					if it.protected {
						protection = 1
					}
					w.u16(protection)
					w.str(it.kind + "\x00")
				})
			}
		})
		w.box("iref", func() {
			w.u32(0)
			for _, r := range s.refs {
				w.box(r.kind, func() {
					w.u16(r.from)
					w.u16(uint16(len(r.to)))
					for _, to := range r.to {
						w.u16(to)
					}
				})
			}
		})
		w.box("iprp", func() {
			w.box("ipco", func() {
				for _, p := range s.props {
					w.box(p.kind, func() { w.b = append(w.b, p.body...) })
				}
			})
			w.box("ipma", func() {
				w.u32(0)
				w.u32(uint32(len(s.items)))
				for _, it := range s.items {
					w.u16(it.id)
					w.b = append(append(w.b, byte(len(it.props))), it.props...)
				}
			})
		})
		var idat []byte
		w.box("iloc", func() {
			w.u32(1 << 24)
			w.u16(0x4400)
			w.u16(uint16(len(s.items)))
			for i, it := range s.items {
				w.u16(it.id)
				w.u16(it.method)
				w.u16(0)
				n := max(it.pieces, 1)
				w.u16(uint16(n))
				place[i] = len(w.b)
				for k := range n {
					at, end := len(it.data)*k/n, len(it.data)*(k+1)/n
					if it.method == 1 {
						at += len(idat)
						end += len(idat)
					}
					w.u32(uint32(at))
					w.u32(uint32(end - at))
				}
				if it.method == 1 {
					idat = append(idat, it.data...)
				}
			}
		})
		w.box("idat", func() { w.b = append(w.b, idat...) })
		if s.extra != nil {
			s.extra(&w)
		}
	})
	w.box("mdat", func() {
		for i, it := range s.items {
			if it.method == 1 {
				continue
			}
			for k := range max(it.pieces, 1) {
				p := w.b[place[i]+8*k:]
				binary.BigEndian.PutUint32(p, binary.BigEndian.Uint32(p)+uint32(len(w.b)))
			}
			w.b = append(w.b, it.data...)
		}
	})
	return w.b
}

func ispe(w, h int) []byte {
	var b boxWriter
	b.u32(0)
	b.u32(uint32(w))
	b.u32(uint32(h))
	return b.b
}

func clap(w, h, x2, y2 int32) []byte { // the shifts in halves
	var b boxWriter
	for _, v := range []int32{w, 1, h, 1, x2, 2, y2, 2} {
		b.u32(uint32(v))
	}
	return b.b
}

func nclxBox(primaries, transfer, matrix uint16, full bool) []byte {
	var b boxWriter
	b.str("nclx")
	b.u16(primaries)
	b.u16(transfer)
	b.u16(matrix)
	last := byte(0)
	if full {
		last = 0x80
	}
	return append(b.b, last)
}

// single is a file of one picture, coded by heif-enc, with more properties.
func single(t testing.TB, heic []byte, more ...property) spec {
	t.Helper()
	tile := mustParse(t, heic).color.tiles[0]
	s := spec{primary: 1}
	it := specItem{id: 1, kind: "hvc1", data: bytes.Join(tile.data, nil)}
	it.props = append(it.props, 0x80|s.prop("hvcC", tile.props.hvcC), s.prop("ispe", ispe(tile.props.width, tile.props.height)))
	for _, p := range more {
		it.props = append(it.props, 0x80|s.prop(p.kind, p.body))
	}
	s.items = []specItem{it}
	return s
}

// gridSpec is the card of w x h pixels in tiles of 64 x 64.
func gridSpec(t testing.TB, w, h int, more ...property) spec {
	t.Helper()
	const side = 64
	cols, rows := (w+side-1)/side, (h+side-1)/side
	card := imagetest.Card(w, h)
	s := spec{primary: 1000}
	var ids []uint16
	known := map[string]*still{}
	size := s.prop("ispe", ispe(side, side))
	for i := range cols * rows {
		part := tileOf(card, i%cols*side, i/cols*side, side)
		png := imagetest.PNG(part)
		tile := known[string(png)]
		if tile == nil {
			tile = mustParse(t, heifEnc(t, png, "png", "-q", "95"))
			known[string(png)] = tile
		}
		c := tile.color.tiles[0]
		id := uint16(i + 1)
		ids = append(ids, id)
		s.items = append(s.items, specItem{
			id: id, kind: "hvc1", hidden: true, data: bytes.Join(c.data, nil),
			props: []byte{0x80 | s.prop("hvcC", c.props.hvcC), size},
		})
	}
	body := []byte{0, 0, byte(rows - 1), byte(cols - 1)}
	body = binary.BigEndian.AppendUint16(body, uint16(w))
	body = binary.BigEndian.AppendUint16(body, uint16(h))
	whole := specItem{id: 1000, kind: "grid", data: body, method: 1, props: []byte{s.prop("ispe", ispe(w, h))}}
	for _, p := range more {
		whole.props = append(whole.props, 0x80|s.prop(p.kind, p.body))
	}
	s.items = append(s.items, whole)
	s.refs = append(s.refs, specRef{"dimg", 1000, ids})
	return s
}
