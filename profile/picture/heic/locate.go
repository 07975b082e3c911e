package heic

// locate finds the bytes of items (iloc: ISO/IEC 14496-12, 8.11.3). They are
// slices of the file.
func (p *parser) locate(wanted map[uint32]bool) (map[uint32][][]byte, error) {
	c := cursor{b: p.meta["iloc"]}
	version, _ := c.full()
	if version > 2 {
		return nil, errDamaged
	}
	sizes := c.u16()
	offsetSize, lengthSize := int(sizes>>12), int(sizes>>8&15)
	baseSize, indexSize := int(sizes>>4&15), int(sizes&15)
	if version == 0 {
		indexSize = 0
	}
	for _, n := range []int{offsetSize, lengthSize, baseSize, indexSize} {
		if n != 0 && n != 4 && n != 8 {
			return nil, errDamaged
		}
	}
	found := map[uint32][][]byte{}
	for range c.id(version == 2) {
		id := c.id(version == 2)
		method := uint16(0)
		if version > 0 {
			method = c.u16() & 15
		}
		elsewhere := c.u16() != 0 // in another file
		base := c.uint(baseSize)
		count := uint64(c.u16())
		extents := c.take(count * uint64(indexSize+offsetSize+lengthSize))
		if c.bad {
			return nil, errDamaged
		}
		if !wanted[id] {
			continue
		}
		if _, twice := found[id]; twice || elsewhere {
			return nil, errDamaged
		}
		whole := p.file
		switch method {
		case 0:
		case 1:
			whole = p.meta["idat"]
		default:
			return nil, &unsupported{"this rare kind of HEIC picture"}
		}
		e := cursor{b: extents}
		found[id] = [][]byte{}
		for range count {
			if p.extents++; p.extents > maxExtents {
				return nil, tooManyf("extents", maxExtents)
			}
			e.uint(indexSize)
			at, n := e.uint(offsetSize), e.uint(lengthSize)
			at += base
			// Written so that huge numbers cannot wrap around.
			if at < base || n == 0 || at > uint64(len(whole)) || n > uint64(len(whole))-at {
				return nil, errDamaged
			}
			found[id] = append(found[id], whole[at:at+n:at+n])
		}
	}
	return found, nil
}

// locateAll finds the bytes of everything that will be decoded.
func (p *parser) locateAll(s *still) error {
	all := []*canvas{&s.color}
	if s.alpha != nil {
		all = append(all, s.alpha)
	}
	wanted := map[uint32]bool{}
	for _, c := range all {
		for _, t := range c.tiles {
			wanted[t.id] = true
		}
	}
	found, err := p.locate(wanted)
	if err != nil {
		return err
	}
	total := 0
	for _, c := range all {
		for i := range c.tiles {
			t := &c.tiles[i]
			t.data = found[t.id]
			if len(t.data) == 0 {
				return errDamaged
			}
			for _, extent := range t.data {
				total += len(extent)
			}
		}
	}
	if total > len(p.file) {
		return errDamaged // the same bytes again and again
	}
	return nil
}
