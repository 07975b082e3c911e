package heic

// property is a box of ipco.
type property struct {
	kind string
	body []byte
}

// properties are those of one item, read.
type properties struct {
	width, height int // of ispe
	hasSize       bool
	hvcC          []byte
	auxiliary     string
	turns         []property // clap, irot, imir in the order they are applied
	colr          [][]byte
}

// readProperties reads the iprp box (ISO/IEC 23008-12, 9.3).
func (p *parser) readProperties() error {
	seen := false
	return p.each(p.meta["iprp"], false, func(kind string, body []byte) error {
		switch kind {
		case "ipco":
			if seen {
				return errDamaged
			}
			seen = true
			return p.each(body, false, func(kind string, body []byte) error {
				if len(p.props) == maxProperties {
					return tooManyf("properties", maxProperties)
				}
				p.props = append(p.props, property{kind, body})
				return nil
			})
		case "ipma":
			if len(p.assocs) == 8 {
				return errDamaged // one for each version and each flag is enough
			}
			p.assocs = append(p.assocs, body)
		}
		return nil
	})
}

func (p *parser) itemProperties(id uint32) (properties, error) {
	all, err := p.manyProperties([]uint32{id})
	return all[id], err
}

// manyProperties reads those of several items in one go over the file.
func (p *parser) manyProperties(ids []uint32) (map[uint32]properties, error) {
	wanted := map[uint32]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	found := map[uint32]properties{}
	for _, body := range p.assocs {
		c := cursor{b: body}
		version, flags := c.full()
		size := uint64(1 + flags&1)
		for range c.u32() {
			id := c.id(version > 0)
			indexes := c.take(uint64(c.u8()) * size)
			if c.bad {
				return nil, errDamaged
			}
			if !wanted[id] {
				continue
			}
			if _, twice := found[id]; twice {
				return nil, errDamaged
			}
			props, err := p.readAssociation(indexes, int(size))
			if err != nil {
				return nil, err
			}
			found[id] = props
		}
	}
	return found, nil
}

func (p *parser) readAssociation(indexes []byte, size int) (properties, error) {
	var out properties
	c := cursor{b: indexes}
	for len(c.b) > 0 {
		v := c.uint(size)
		top := uint64(1) << (8*size - 1)
		essential, index := v&top != 0, v&(top-1)
		if index == 0 {
			continue // no property
		}
		if index > uint64(len(p.props)) {
			return out, errDamaged
		}
		if err := p.readProperty(&out, p.props[index-1], essential); err != nil {
			return out, err
		}
	}
	return out, nil
}

func (p *parser) readProperty(out *properties, prop property, essential bool) error {
	c := cursor{b: prop.body}
	switch prop.kind {
	case "ispe":
		if out.hasSize {
			return errDamaged
		}
		c.full()
		w, h := c.u32(), c.u32()
		if c.bad {
			return errDamaged
		}
		if err := p.size(w, h); err != nil {
			return err
		}
		out.width, out.height, out.hasSize = int(w), int(h), true
	case "hvcC":
		if out.hvcC != nil {
			return errDamaged
		}
		out.hvcC = prop.body
	case "auxC":
		c.full()
		name := c.b[:min(len(c.b), 128)]
		for i, b := range name {
			if b == 0 {
				name = name[:i]
				break
			}
		}
		out.auxiliary = string(name)
	case "clap", "irot", "imir":
		for _, t := range out.turns {
			if t.kind == prop.kind {
				return errDamaged
			}
		}
		out.turns = append(out.turns, prop)
	case "colr":
		if len(out.colr) == 8 {
			return errDamaged
		}
		out.colr = append(out.colr, prop.body)
	case "pixi", "pasp", "clli", "mdcv", "cclv", "amve", "rloc", "udes", "altt", "crtt", "mdft":
	default:
		if essential {
			// Who does not know it must not show the picture (23008-12, 9.3.1).
			return &unsupported{"this rare kind of HEIC picture"}
		}
	}
	return nil
}

// nclx says how samples make colours, in the numbers of ISO/IEC 23091-2.
type nclx struct {
	primaries, transfer, matrix uint16
	full                        bool
}

// colours reads the colr boxes (ISO/IEC 14496-12, 12.1.5), one of each kind.
func (ps properties) colours() (*nclx, []byte, error) {
	var n *nclx
	var icc []byte
	for _, body := range ps.colr {
		c := cursor{b: body}
		switch string(c.take(4)) {
		case "nclx":
			v := nclx{primaries: c.u16(), transfer: c.u16(), matrix: c.u16()}
			v.full = c.u8()&0x80 != 0
			if c.bad || n != nil {
				return nil, nil, errDamaged
			}
			n = &v
		case "prof", "rICC":
			if icc != nil {
				return nil, nil, errDamaged
			}
			icc = c.b
		}
	}
	return n, icc, nil
}
