package picture

import "math"

// The filter is Catmull and Rom's cubic, widened when it reduces, in fixed
// point: weights have weightBits bits of fraction, samples between the two
// passes have midBits.
const (
	weightBits = 14
	midBits    = 6
)

// kernel holds, for each output sample, where its inputs begin and their
// weights, of which there are taps for each.
type kernel struct {
	taps  int
	first []int
	w     []int32
}

// newKernel is for n samples from those in [from, from+side) of a line of
// length samples; lines end with their last sample repeated.
func newKernel(from, side float64, length, n int) kernel {
	scale := side / float64(n)
	wide := max(scale, 1)
	support := 2 * wide
	lo, hi := int(from), min(ceil(from+side), length)-1
	taps := min(int(math.Ceil(2*support))+1, hi-lo+1)
	k := kernel{taps: taps, first: make([]int, n), w: make([]int32, n*taps)}
	weights := make([]float64, taps)
	for i := range n {
		center := from + (float64(i)+0.5)*scale
		begin := int(math.Floor(center - support))
		end := int(math.Ceil(center + support))
		first := min(max(begin, lo), hi-taps+1)
		clear(weights)
		var sum float64
		for j := begin; j <= end; j++ {
			v := catmullRom((float64(j) + 0.5 - center) / wide)
			at := min(max(j, lo), hi) - first
			if at < 0 || at >= taps {
				continue // v is 0 here: outside of the support
			}
			weights[at] += v
			sum += v
		}
		k.first[i] = first
		fix(k.w[i*taps:(i+1)*taps], weights, sum)
	}
	return k
}

// fix turns weights into integers whose sum is exactly one, so that an even
// area keeps its value.
func fix(dst []int32, weights []float64, sum float64) {
	rest, largest := int32(1<<weightBits), 0
	for j, v := range weights {
		dst[j] = int32(math.Round(v / sum * (1 << weightBits)))
		rest -= dst[j]
		if dst[j] > dst[largest] {
			largest = j
		}
	}
	dst[largest] += rest
}

func catmullRom(x float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}

// resample makes n x n samples of the region.
func (p plane) resample(r region, n int) []byte {
	across := newKernel(r.x, r.w, p.w, n)
	down := newKernel(r.y, r.h, p.h, n)
	top := down.first[0]
	bottom := down.first[n-1] + down.taps
	mid := make([]int16, (bottom-top)*n)
	for y := top; y < bottom; y++ {
		across.row(mid[(y-top)*n:(y-top+1)*n], p.pix[y*p.stride:y*p.stride+p.w])
	}
	out := make([]byte, n*n)
	acc := make([]int32, n)
	for y := range n {
		down.column(out[y*n:(y+1)*n], acc, mid[(down.first[y]-top)*n:], down.w[y*down.taps:(y+1)*down.taps])
	}
	return out
}

func (k kernel) row(dst []int16, src []byte) {
	const round = 1 << (weightBits - midBits - 1)
	for i, first := range k.first {
		w := k.w[i*k.taps : (i+1)*k.taps]
		s := src[first : first+len(w)]
		sum := int32(round)
		for j, v := range w {
			sum += v * int32(s[j])
		}
		dst[i] = int16(sum >> (weightBits - midBits))
	}
}

// column adds up rows of mid by their weights.
func (k kernel) column(dst []byte, acc []int32, mid []int16, weights []int32) {
	const shift = weightBits + midBits
	for x := range acc {
		acc[x] = 1 << (shift - 1)
	}
	for j, w := range weights {
		if w == 0 {
			continue
		}
		row := mid[j*len(acc) : (j+1)*len(acc)]
		for x, v := range row {
			acc[x] += w * int32(v)
		}
	}
	for x, v := range acc {
		dst[x] = byte(min(max(v>>shift, 0), 255))
	}
}
