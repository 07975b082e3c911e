//go:build !race

package deletion

const raceEnabled = false
