package jpeg444

import (
	"cmp"
	"slices"
)

// huffman is a table of codes for the symbols of one picture.
type huffman struct {
	code    [256]uint16
	size    [256]uint8 // bits of the code; 0 for what does not occur
	lengths [17]byte   // how many codes are of each length
	symbols []byte     // by length of their code
}

// maxLength is the longest code that a file may have, in bits.
const maxLength = 16

// newHuffman makes the shortest codes for symbols that occur so often: Annex
// K.2, with the rule that no code is all ones.
func newHuffman(counts *[256]int) (t huffman) {
	depths := depthsOf(counts)
	var lengths [256 + 1]int
	for sym, depth := range depths[:256] {
		if depth > 0 {
			t.symbols = append(t.symbols, byte(sym))
			lengths[depth]++
		}
	}
	lengths[depths[reserved]]++
	slices.SortStableFunc(t.symbols, func(a, b byte) int { return cmp.Compare(depths[a], depths[b]) })

	// Codes that are too long go in pairs: one takes the place of their common
	// beginning, the other shares that of a shorter code (Figure K.3).
	for i := len(lengths) - 1; i > maxLength; i-- {
		for lengths[i] > 0 {
			j := i - 2
			for lengths[j] == 0 {
				j--
			}
			lengths[i] -= 2
			lengths[i-1]++
			lengths[j+1] += 2
			lengths[j]--
		}
	}
	for i := maxLength; ; i-- { // the reserved code is the last of the longest
		if lengths[i] > 0 {
			lengths[i]--
			break
		}
	}

	code, next := uint16(0), 0
	for n := 1; n <= maxLength; n++ {
		t.lengths[n] = byte(lengths[n])
		for range lengths[n] {
			sym := t.symbols[next]
			t.code[sym], t.size[sym] = code, uint8(n)
			code++
			next++
		}
		code <<= 1
	}
	return t
}

// reserved is a symbol that never occurs; it takes the code of all ones.
const reserved = 256

// depthsOf joins the two rarest trees until one is left, and returns how deep
// each symbol is in it.
func depthsOf(counts *[256]int) (depths [reserved + 1]int) {
	type tree struct {
		count   int
		symbols []int
	}
	trees := []tree{{1, []int{reserved}}}
	for sym, n := range counts {
		if n > 0 {
			trees = append(trees, tree{n, []int{sym}})
		}
	}
	// Of equals the one with the highest symbol comes first, so that the
	// reserved one is among the deepest.
	slices.SortFunc(trees, func(a, b tree) int {
		return cmp.Or(cmp.Compare(a.count, b.count), cmp.Compare(b.symbols[0], a.symbols[0]))
	})
	for len(trees) > 1 {
		joined := tree{trees[0].count + trees[1].count, append(trees[0].symbols, trees[1].symbols...)}
		for _, sym := range joined.symbols {
			depths[sym]++
		}
		trees = trees[2:]
		at, _ := slices.BinarySearchFunc(trees, joined.count+1, func(t tree, n int) int { return cmp.Compare(t.count, n) })
		trees = slices.Insert(trees, at, joined)
	}
	return depths
}
