package heic

// grid is the derived picture that phones make (ISO/IEC 23008-12, 6.6.2.3).
type grid struct {
	rows, cols    int
	width, height int
}

func (p *parser) grid(id uint32) (grid, error) {
	extents, err := p.locate(map[uint32]bool{id: true})
	if err != nil {
		return grid{}, err
	}
	var body []byte
	for _, e := range extents[id] {
		if body = append(body, e...); len(body) > 64 {
			return grid{}, errDamaged
		}
	}
	c := cursor{b: body}
	version, flags := c.u8(), c.u8()
	g := grid{rows: 1 + int(c.u8()), cols: 1 + int(c.u8())}
	wide := flags&1 != 0
	w, h := c.id(wide), c.id(wide)
	if c.bad || version != 0 {
		return grid{}, errDamaged
	}
	if err := p.size(w, h); err != nil {
		return grid{}, err
	}
	g.width, g.height = int(w), int(h)
	if g.rows*g.cols > maxTiles {
		return grid{}, tooManyf("tiles", maxTiles)
	}
	return g, nil
}

// tiles reads the pictures of a grid. All are of one size, and they cover the
// whole with none to spare.
func (p *parser) tiles(g grid, ids []uint32, items map[uint32]item) (canvas, error) {
	if len(ids) != g.rows*g.cols {
		return canvas{}, errDamaged
	}
	c := canvas{width: g.width, height: g.height, cols: g.cols}
	all, err := p.manyProperties(ids)
	if err != nil {
		return canvas{}, err
	}
	for i, id := range ids {
		it, ok := items[id]
		if err := checkItem(it, ok, false); err != nil {
			return canvas{}, err
		}
		if it.kind != "hvc1" {
			return canvas{}, &unsupported{"this rare kind of HEIC picture"} // a grid of grids
		}
		props := all[id]
		if len(props.turns) > 0 {
			return canvas{}, &unsupported{"this rare kind of HEIC picture"} // turned tiles
		}
		one, err := p.codedItem(id, props)
		if err != nil {
			return canvas{}, err
		}
		c.tiles = append(c.tiles, one)
		first := c.tiles[0]
		if i > 0 && (props.width != first.props.width || props.height != first.props.height ||
			one.stream.chroma != first.stream.chroma) {
			return canvas{}, errDamaged
		}
	}
	w, h := c.tiles[0].props.width, c.tiles[0].props.height
	if w*g.cols < g.width || h*g.rows < g.height || w*(g.cols-1) >= g.width || h*(g.rows-1) >= g.height {
		return canvas{}, errDamaged
	}
	// The tiles begin at whole samples of colour.
	if fx, fy := one444(c.tiles[0].stream.chroma); g.cols > 1 && w%fx != 0 || g.rows > 1 && h%fy != 0 {
		return canvas{}, errDamaged
	}
	return c, nil
}

// one444 is how many pixels share a sample of colour, across and down.
func one444(chroma int) (fx, fy int) {
	switch chroma {
	case 1:
		return 2, 2
	case 2:
		return 2, 1
	}
	return 1, 1
}
