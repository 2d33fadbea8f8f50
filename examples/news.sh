#!/usr/bin/env bash
# One sound file for each paragraph of a text file: bash examples/news.sh article.txt folder
# Stops at the first paragraph that cannot be said, and says which; paragraphs that are there already are not said again.
set -euo pipefail
article=$1 folder=$2
mkdir -p "$folder"
number=0
while IFS= read -r paragraph || [ -n "$paragraph" ]; do
  [ -n "$paragraph" ] || continue
  number=$((number + 1))
  output=$folder/$(printf '%03d' "$number").ogg
  [ -e "$output" ] || amhctl speak "$paragraph" -o "$output" --quiet
done < "$article"
echo "$number paragraphs in $folder"
