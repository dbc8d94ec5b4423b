#!/bin/sh
# embed.sh FILE...: the files of patterns, one after the other, as a C string.
echo 'extern const char ignore_compiled_in[];'
echo 'const char ignore_compiled_in[] ='
sed 's/[\\"]/\\&/g; s/.*/	"&\\n"/' "$@"
echo ';'
