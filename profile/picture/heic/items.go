package heic

// references are those of the iref box that concern the primary picture
// (ISO/IEC 14496-12, 8.11.12; ISO/IEC 23008-12).
type references struct {
	// made lists what a derived picture is made of, in order: of the primary
	// one and of those in auxiliaries.
	made map[uint32][]uint32
	// auxiliaries are the pictures that belong to the primary one.
	auxiliaries   []uint32
	premultiplied map[uint32]struct{} // the alpha pictures of which it is said
}

// maxAuxiliaries of the primary picture; phones have up to five.
const maxAuxiliaries = 32

func (p *parser) references() (references, error) {
	refs := references{made: map[uint32][]uint32{}, premultiplied: map[uint32]struct{}{}}
	body, ok := p.meta["iref"]
	if !ok {
		return refs, nil
	}
	// Twice, because what an auxiliary picture is made of may stand before the
	// reference that makes it one.
	wanted := map[uint32]bool{p.primary: true}
	err := p.eachReference(body, func(kind string, from uint32, to []uint32) error {
		for _, id := range to {
			if kind == "auxl" && id == p.primary && !wanted[from] {
				if len(refs.auxiliaries) == maxAuxiliaries {
					return tooManyf("auxiliary pictures", maxAuxiliaries)
				}
				refs.auxiliaries = append(refs.auxiliaries, from)
				wanted[from] = true
			}
			if kind == "prem" && from == p.primary && len(refs.premultiplied) < maxAuxiliaries {
				refs.premultiplied[id] = struct{}{}
			}
		}
		return nil
	})
	if err != nil {
		return refs, err
	}
	err = p.eachReference(body, func(kind string, from uint32, to []uint32) error {
		if kind != "dimg" || !wanted[from] {
			return nil
		}
		if _, twice := refs.made[from]; twice {
			return errDamaged
		}
		if len(to) > maxTiles {
			return tooManyf("tiles", maxTiles)
		}
		refs.made[from] = append([]uint32{}, to...)
		return nil
	})
	return refs, err
}

func (p *parser) eachReference(body []byte, do func(kind string, from uint32, to []uint32) error) error {
	c := cursor{b: body}
	version, _ := c.full()
	if c.bad || version > 1 {
		return errDamaged
	}
	var to []uint32
	return p.each(c.b, false, func(kind string, body []byte) error {
		c := cursor{b: body}
		from := c.id(version > 0)
		count := c.u16()
		to = to[:0]
		for range count {
			to = append(to, c.id(version > 0))
			if c.bad {
				return errDamaged
			}
		}
		return do(kind, from, to)
	})
}

// item is what the iinf box says about one.
type item struct {
	id        uint32
	kind      string
	protected bool
	hidden    bool
}

// itemInfo looks up the items of which wanted is true (ISO/IEC 14496-12,
// 8.11.6).
func (p *parser) itemInfo(wanted map[uint32]bool) (map[uint32]item, error) {
	c := cursor{b: p.meta["iinf"]}
	version, _ := c.full()
	c.id(version > 0) // their number; the boxes tell as well
	if c.bad {
		return nil, errDamaged
	}
	found := map[uint32]item{}
	err := p.each(c.b, false, func(kind string, body []byte) error {
		if kind != "infe" {
			return nil
		}
		c := cursor{b: body}
		version, flags := c.full()
		if version < 2 {
			return nil // older than pictures
		}
		it := item{id: c.id(version > 2), hidden: flags&1 != 0}
		it.protected = c.u16() != 0
		it.kind = string(c.take(4))
		if c.bad {
			return errDamaged
		}
		if wanted[it.id] {
			if _, twice := found[it.id]; twice {
				return errDamaged
			}
			found[it.id] = it
		}
		return nil
	})
	return found, err
}

// coded is an item that a decoder can decode.
type coded struct {
	id     uint32
	props  properties
	stream stream
	data   [][]byte // the extents
}

// kindOf looks up one item and refuses what cannot be shown.
func checkItem(it item, ok, primary bool) error {
	switch {
	case !ok:
		return errDamaged
	case it.protected:
		return &unsupported{"an encrypted HEIC picture"}
	case primary && it.hidden:
		return errDamaged // the primary picture must not be (23008-12, 6.4.2)
	}
	switch it.kind {
	case "hvc1", "grid":
		return nil
	case "av01":
		return &unsupported{"an AVIF picture"}
	}
	return &unsupported{"this rare kind of HEIC picture"}
}

// canvas reads a picture: one that is coded itself, or a grid.
func (p *parser) canvas(id uint32, refs references) (canvas, properties, error) {
	fail := func(err error) (canvas, properties, error) { return canvas{}, properties{}, err }
	wanted := map[uint32]bool{id: true}
	for _, tile := range refs.made[id] {
		wanted[tile] = true
	}
	items, err := p.itemInfo(wanted)
	if err != nil {
		return fail(err)
	}
	it, ok := items[id]
	if err := checkItem(it, ok, id == p.primary); err != nil {
		return fail(err)
	}
	props, err := p.itemProperties(id)
	if err != nil {
		return fail(err)
	}
	if it.kind == "hvc1" {
		one, err := p.codedItem(id, props)
		if err != nil {
			return fail(err)
		}
		return canvas{width: props.width, height: props.height, cols: 1, tiles: []coded{one}}, props, nil
	}
	g, err := p.grid(id)
	if err != nil {
		return fail(err)
	}
	c, err := p.tiles(g, refs.made[id], items)
	if err != nil {
		return fail(err)
	}
	if props.hasSize && (props.width != c.width || props.height != c.height) {
		return fail(errDamaged)
	}
	return c, props, nil
}

// codedItem checks the sizes of a picture, of which there are two: what the
// file says and what the bitstream makes the decoder allocate.
func (p *parser) codedItem(id uint32, props properties) (coded, error) {
	if !props.hasSize || props.hvcC == nil {
		return coded{}, errDamaged
	}
	s, err := readStream(props.hvcC)
	if err != nil {
		return coded{}, err
	}
	if s.chroma == 3 && deep(props.hvcC) {
		return coded{}, &unsupported{"a HEIC picture of more than 8 bits in 4:4:4"} // libheif makes nothing of it
	}
	w, h := int64(s.codedWidth), int64(s.codedHeight)
	if w*h > p.mostPixels+64*(w+h) { // whole blocks of 64, beyond the picture's edge
		return coded{}, tooManyPixels(w, h, p.mostPixels)
	}
	// The bitstream may hold a little more than is shown, never less.
	if s.width < props.width || s.height < props.height || s.width-props.width >= 64 || s.height-props.height >= 64 {
		return coded{}, errDamaged
	}
	return coded{id: id, props: props, stream: s}, nil
}

// deep reports whether samples have more than 8 bits.
func deep(hvcC []byte) bool { return hvcC[17]&7 > 0 || hvcC[18]&7 > 0 }

// size holds the sides of a picture against the limits.
func (p *parser) size(width, height uint32) error {
	w, h := int64(width), int64(height)
	if w == 0 || h == 0 {
		return noSides(w, h)
	}
	if w > p.mostPixels || h > p.mostPixels || w*h > p.mostPixels {
		return tooManyPixels(w, h, p.mostPixels)
	}
	return nil
}
