#!/usr/bin/env python3
"""terminal: what a terminal shows in the end of the text on stdin, as SVG."""
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT, PAD = 7.8, 18, 14
COLOURS = [("$ ", "#ffffff"), (" ! ", "#ffa657"), ("error:", "#ffa657"),
           ("severe", "#ffa657"), ("refused", "#ffa657")]


def colour_of(line):
    """By how it begins, or by the word that it holds."""
    said = line.removeprefix("remote:")
    for word, colour in COLOURS:
        if line.startswith(word) or (word.isalpha() and word in said):
            return colour
    return "#c9d1d9"


def main():
    # A progress line is gone when the next text overwrites it.
    lines = [line.split("\r")[-1].rstrip()
             for line in sys.stdin.read().split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    width = 2 * PAD + WIDTH * max(map(len, lines))
    height = 2 * PAD + HEIGHT * len(lines)
    print('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %d" '
          'width="%.0f" height="%d">' % (width, height, width, height))
    print('<rect width="100%" height="100%" rx="6" fill="#0d1117"/>')
    print('<g font-family="ui-monospace, monospace" font-size="13">')
    for row, line in enumerate(lines):
        # Blanks that no renderer takes together.
        if line:
            print('<text x="%d" y="%d" fill="%s" textLength="%.1f">%s</text>' %
                  (PAD, PAD + HEIGHT * row + 13, colour_of(line),
                   WIDTH * len(line), escape(line.replace(" ", "\u00a0"))))
    print("</g></svg>")


main()
