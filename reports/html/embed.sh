#!/bin/sh
# embed.sh STYLE SCRIPT: prints a C file that holds them, and their hashes for the page's
# Content-Security-Policy, by which a browser runs just these.
set -eu

literal() { # NAME FILE
    echo "const char $1[] ="
    sed 's/\\/\\\\/g; s/"/\\"/g; s/^\(.*\)$/"\1\\n"/' "$2"
    echo ';'
}

hash() { # NAME FILE: the page has a line feed before it, and the file's own at its end
    sum=$( (echo; cat "$2") | sha256sum | sed 's/ .*//; s/../\\x&/g')
    echo "const char $1[] = \"sha256-$(env printf "$sum" | base64)\";"
}

echo '#include "reports/write_html.h"'
literal html_style "$1"
hash html_style_hash "$1"
literal html_script "$2"
hash html_script_hash "$2"
