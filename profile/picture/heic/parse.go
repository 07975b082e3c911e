package heic

import "bytes"

// Bounds of what one file may hold. Phones make at most some 200 tiles.
const (
	maxTiles      = 1024
	maxProperties = 4096
	maxExtents    = 8192
)

// still is what the structure of a file says about its primary picture: all
// that is needed to decode it, and nothing else. Thumbnails, depth maps,
// metadata and further pictures are not looked at.
type still struct {
	color   canvas
	alpha   *canvas // or nil
	premult bool    // colours are multiplied by alpha already
	look    look
	nclx    *nclx  // how the samples make colours, or nil
	icc     []byte // colour profile, or nil
}

// canvas is a picture of one tile or a grid of them, as stored.
type canvas struct {
	width, height int
	cols          int // tiles in a row
	tiles         []coded
}

// parse reads the structure of a file. mostPixels is held against every
// picture that would be decoded, and the tiles of each together.
func parse(data []byte, mostPixels int64) (*still, error) {
	p := parser{file: data, mostPixels: mostPixels}
	s, err := p.parse()
	if err == errDamaged {
		return nil, damaged()
	}
	return s, err
}

type parser struct {
	boxWalk
	file       []byte
	mostPixels int64
	extents    int // so far

	meta    map[string][]byte // child boxes of meta
	assocs  [][]byte          // the ipma boxes
	props   []property
	primary uint32
}

func (p *parser) parse() (*still, error) {
	if err := p.topLevel(); err != nil {
		return nil, err
	}
	if err := p.readPrimary(); err != nil {
		return nil, err
	}
	if err := p.readProperties(); err != nil {
		return nil, err
	}
	s := &still{}
	if err := p.readStill(s); err != nil {
		return nil, err
	}
	if err := p.locateAll(s); err != nil {
		return nil, err
	}
	return s, nil
}

// topLevel finds the meta box, of which a picture has one. What stands behind
// it may be cut short here: the extents tell later whether it matters.
func (p *parser) topLevel() error {
	var found, movie bool
	err := p.each(p.file, true, func(kind string, body []byte) error {
		switch kind {
		case "moov":
			movie = true
		case "meta":
			if found {
				return errDamaged
			}
			found = true
			return p.readMeta(body)
		}
		return nil
	})
	if err != nil && (err != errDamaged || p.meta == nil) {
		return err
	}
	switch {
	case !found && movie && err == nil:
		return &unsupported{"a HEIC sequence or video without a still picture"}
	case !found:
		return errDamaged
	}
	return nil
}

// readMeta notes the boxes in the meta box, for they may come in any order.
func (p *parser) readMeta(body []byte) error {
	if len(body) < 4 {
		return errDamaged
	}
	kept := map[string][]byte{}
	err := p.each(body[4:], false, func(kind string, body []byte) error {
		switch kind {
		case "hdlr", "pitm", "iinf", "iref", "iprp", "iloc", "idat":
			if _, twice := kept[kind]; twice {
				return errDamaged
			}
			kept[kind] = body
		}
		return nil
	})
	if err != nil {
		return err
	}
	if h := kept["hdlr"]; len(h) < 12 || !bytes.Equal(h[8:12], []byte("pict")) {
		return errDamaged
	}
	p.meta = kept
	return nil
}

func (p *parser) readPrimary() error {
	c := cursor{b: p.meta["pitm"]}
	version, _ := c.full()
	p.primary = c.id(version > 0)
	if c.bad {
		return errDamaged
	}
	return nil
}

// readStill follows the primary item to the pictures it is made of.
func (p *parser) readStill(s *still) error {
	refs, err := p.references()
	if err != nil {
		return err
	}
	c, props, err := p.canvas(p.primary, refs)
	if err != nil {
		return err
	}
	s.color = c
	if s.look, err = props.look(c.width, c.height); err != nil {
		return err
	}
	if s.nclx, s.icc, err = props.colours(); err != nil {
		return err
	}
	if s.nclx == nil && s.icc == nil {
		// A grid whose tiles alone say what their colours are.
		if s.nclx, s.icc, err = c.tiles[0].props.colours(); err != nil {
			return err
		}
	}
	if err := s.nclx.shown(c.tiles[0].stream.chroma); err != nil {
		return err
	}
	return p.readAlpha(s, refs)
}

// readAlpha finds the picture that says how opaque the primary one is.
func (p *parser) readAlpha(s *still, refs references) error {
	for _, id := range refs.auxiliaries {
		props, err := p.itemProperties(id)
		if err != nil {
			return err
		}
		switch props.auxiliary {
		case "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", "urn:mpeg:hevc:2015:auxid:1", "urn:mpeg:avc:2015:auxid:1":
		default:
			continue // a depth map, a gain map
		}
		if s.alpha != nil {
			return errDamaged
		}
		c, _, err := p.canvas(id, refs)
		if err != nil {
			return err
		}
		if c.width != s.color.width || c.height != s.color.height {
			return &unsupported{"this rare kind of HEIC picture"} // to be enlarged
		}
		s.alpha = &c
		_, s.premult = refs.premultiplied[id]
	}
	return nil
}
