//go:build race

package deletion

const raceEnabled = true
