package imagetest

import (
	"bytes"
	"encoding/binary"
	"math"
)

// ICC writes colour profiles of version 2 and 4.
type ICC struct {
	// Columns are the XYZ of red, green and blue under D50.
	Columns [3][3]float64
	// Curve is the body of each TRC tag, see Gamma, Table and Parametric.
	Curve []byte
	// Gray makes a profile of gray, without Columns.
	Gray bool
}

// Primaries of spaces that pictures come in, as their profiles hold them.
var (
	SRGBColumns = [3][3]float64{{0.4360747, 0.2225045, 0.0139322}, {0.3850649, 0.7168786, 0.0971045}, {0.1430804, 0.0606169, 0.7141733}}
	P3Columns   = [3][3]float64{{0.5151215, 0.2411957, -0.0010529}, {0.2919769, 0.6922455, 0.0418854}, {0.1571045, 0.0665741, 0.7840729}}
	// AdobeColumns are those of Adobe RGB (1998).
	AdobeColumns = [3][3]float64{{0.6097412, 0.3111115, 0.0194702}, {0.2052765, 0.6256714, 0.0608673}, {0.1491852, 0.0632172, 0.7445679}}
)

func s15(b []byte, v float64) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
}

// Gamma is a curve by one exponent.
func Gamma(g float64) []byte {
	b := append([]byte("curv\x00\x00\x00\x00"), 0, 0, 0, 1)
	return binary.BigEndian.AppendUint16(b, uint16(math.Round(g*256)))
}

// Table is a curve by n values of f.
func Table(n int, f func(float64) float64) []byte {
	b := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), uint32(n))
	for i := range n {
		b = binary.BigEndian.AppendUint16(b, uint16(math.Round(65535*f(float64(i)/float64(n-1)))))
	}
	return b
}

// Parametric is a curve of version 4.
func Parametric(kind uint16, params ...float64) []byte {
	b := binary.BigEndian.AppendUint16([]byte("para\x00\x00\x00\x00"), kind)
	b = append(b, 0, 0)
	for _, p := range params {
		b = s15(b, p)
	}
	return b
}

// SRGBCurve is the curve of sRGB, and of Display P3.
func SRGBCurve() []byte {
	return Parametric(3, 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
}

// SRGBLight is the light of a stored value of sRGB, both 0 to 1.
func SRGBLight(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// Bytes is the profile.
func (p ICC) Bytes() []byte {
	xyz := func(v [3]float64) []byte {
		b := []byte("XYZ \x00\x00\x00\x00")
		for _, c := range v {
			b = s15(b, c)
		}
		return b
	}
	type tag struct {
		name string
		body []byte
	}
	text := append([]byte("text\x00\x00\x00\x00"), "none\x00"...)
	desc := binary.BigEndian.AppendUint32([]byte("desc\x00\x00\x00\x00"), 5)
	desc = append(append(desc, "test\x00"...), make([]byte, 78)...)
	tags := []tag{{"desc", desc}, {"cprt", text}, {"wtpt", xyz([3]float64{0.9642, 1, 0.8249})}}
	space := "RGB "
	if p.Gray {
		space = "GRAY"
		tags = append(tags, tag{"kTRC", p.Curve})
	} else {
		for i, n := range []string{"r", "g", "b"} {
			tags = append(tags, tag{n + "XYZ", xyz(p.Columns[i])}, tag{n + "TRC", p.Curve})
		}
	}
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var bodies []byte
	at := 128 + 4 + 12*len(tags)
	for _, t := range tags {
		for len(bodies)%4 != 0 {
			bodies = append(bodies, 0)
		}
		table = append(table, t.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(at+len(bodies)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(t.body)))
		bodies = append(bodies, t.body...)
	}
	head := make([]byte, 128)
	binary.BigEndian.PutUint32(head, uint32(at+len(bodies)))
	head[8] = 2
	if bytes.HasPrefix(p.Curve, []byte("para")) {
		head[8] = 4
	}
	copy(head[12:], "mntr")
	copy(head[16:], space)
	copy(head[20:], "XYZ ")
	head[25], head[27], head[29] = 0xea, 1, 1 // a date
	copy(head[36:], "acsp")
	copy(head[68:], xyz([3]float64{0.9642, 1, 0.8249})[8:])
	return append(append(head, table...), bodies...)
}

// ICCInJPEG embeds a profile, in segments of at most size bytes of it.
func ICCInJPEG(jpg, profile []byte, size int) []byte {
	n := (len(profile) + size - 1) / size
	for i := n - 1; i >= 0; i-- {
		part := profile[i*size : min((i+1)*size, len(profile))]
		jpg = InsertSegment(jpg, 0xe2, append([]byte("ICC_PROFILE\x00"+string(rune(i+1))+string(rune(n))), part...))
	}
	return jpg
}

// ICCInPNG embeds a profile.
func ICCInPNG(file, profile []byte) []byte {
	return InsertChunk(file, "iCCP", append([]byte("a name\x00\x00"), Deflate(profile)...))
}
