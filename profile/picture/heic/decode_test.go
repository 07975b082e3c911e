package heic

import (
	"fmt"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// sidesToTry hit every way in which rows are padded.
var sidesToTry = [][2]int{{24, 20}, {16, 80}, {31, 33}, {63, 63}, {64, 64}, {65, 65}, {96, 64}, {97, 127}, {128, 130}, {129, 66}, {200, 300}}

func TestS59_Sizes(t *testing.T) {
	for _, chroma := range []string{"420", "422", "444"} {
		for _, sides := range sidesToTry {
			t.Run(fmt.Sprintf("%dx%d-%s", sides[0], sides[1], chroma), func(t *testing.T) {
				heic := cardHEIC(t, sides[0], sides[1], "-q", "95", "-p", "chroma="+chroma)
				checkCard(t, decodeUpright(t, heic), sides[0], sides[1])
			})
		}
	}
}

func TestS59_Gray(t *testing.T) {
	for _, sides := range sidesToTry {
		gray := grayOf(imagetest.Card(sides[0], sides[1]))
		s := mustParse(t, heifEnc(t, imagetest.PNG(gray), "png", "-q", "95"))
		m, err := compiled().decode(t.Context(), s)
		if err != nil {
			t.Fatal(sides, err)
		}
		for i := range 4 {
			x, y := sides[0]*(1+i%2*2)/4, sides[1]*(1+i/2*2)/4
			got, _, _, _ := m.At(x, y).RGBA()
			want, _, _, _ := gray.At(x, y).RGBA()
			if d := int(got>>8) - int(want>>8); d < -8 || d > 8 {
				t.Errorf("%v, quarter %d: %d; want %d", sides, i, got>>8, want>>8)
			}
		}
	}
}

// turns are irot and imir that make a picture stored by each orientation
// upright, in both orders where both are needed.
var turns = map[string]struct {
	orientation int
	props       []property
}{
	"1":               {1, nil},
	"2":               {2, []property{{"imir", []byte{1}}}},
	"3":               {3, []property{{"irot", []byte{2}}}},
	"4":               {4, []property{{"imir", []byte{0}}}},
	"5, turn first":   {5, []property{{"irot", []byte{1}}, {"imir", []byte{0}}}},
	"5, mirror first": {5, []property{{"imir", []byte{1}}, {"irot", []byte{1}}}},
	"6":               {6, []property{{"irot", []byte{3}}}},
	"7, turn first":   {7, []property{{"irot", []byte{3}}, {"imir", []byte{0}}}},
	"7, mirror first": {7, []property{{"imir", []byte{1}}, {"irot", []byte{3}}}},
	"8":               {8, []property{{"irot", []byte{1}}}},
}

func TestS61_Orientations(t *testing.T) {
	card := imagetest.Card(96, 64)
	for name, turn := range turns {
		t.Run(name, func(t *testing.T) {
			// The EXIF block of the file says the same, as phones write it, and
			// must not turn the picture a second time.
			exif := imagetest.EXIF{Orientation: turn.orientation, GPS: true}
			coded := heifEnc(t, exif.InJPEG(imagetest.JPEG(imagetest.Stored(card, turn.orientation), 95)), "jpg", "-q", "95")
			heic := single(t, coded, turn.props...).file()
			checkCard(t, heifConvert(t, heic), 96, 64) // the test file is right
			checkCard(t, decodeUpright(t, heic), 96, 64)
			if got := mustParse(t, heic).look.orientation(); got != turn.orientation {
				t.Errorf("orientation %d; want %d", got, turn.orientation)
			}
		})
	}
}

func TestS59_Grid(t *testing.T) {
	for _, sides := range [][2]int{{64, 64}, {128, 128}, {200, 150}, {129, 65}} {
		heic := gridSpec(t, sides[0], sides[1]).file()
		checkCard(t, heifConvert(t, heic), sides[0], sides[1])
		checkCard(t, decodeUpright(t, heic), sides[0], sides[1])
	}
	turned := gridSpec(t, 200, 150, property{"irot", []byte{2}}).file()
	checkCard(t, seen(decodeUpright(t, turned), 3), 200, 150)
}

func TestS59_Aperture(t *testing.T) {
	// The card with a frame of 16 pixels on the left and 10 at the top.
	frame := imagetest.Card(2*(96+16), 2*(64+10)) // all red near the corner
	card := imagetest.Card(96, 64)
	for y := range 64 {
		for x := range 96 {
			frame.SetNRGBA(16+x, 10+y, card.NRGBAAt(x, y))
		}
	}
	w, h := frame.Rect.Dx(), frame.Rect.Dy()
	coded := heifEnc(t, imagetest.PNG(frame), "png", "-q", "95")
	aperture := property{"clap", clap(96, 64, int32(2*16-(w-96)), int32(2*10-(h-64)))}
	heic := single(t, coded, aperture).file()
	checkCard(t, heifConvert(t, heic), 96, 64)
	checkCard(t, decodeUpright(t, heic), 96, 64)
	for _, turn := range []byte{1, 2, 3} {
		heic := single(t, coded, aperture, property{"irot", []byte{turn}}, property{"imir", []byte{1}}).file()
		want := heifConvert(t, heic)
		got := decodeUpright(t, heic)
		if got.Bounds().Size() != want.Bounds().Size() {
			t.Fatalf("%v; want %v", got.Bounds(), want.Bounds())
		}
		comparePictures(t, got, want, 16)
	}
}
