// Small text helpers that every layer shares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cosell::text {

std::string trim(std::string_view s);
std::string_view trimmed(std::string_view s);  // the same, as a part of `s`
std::string lower_ascii(std::string_view s);
bool starts_with(std::string_view s, std::string_view prefix);
bool ends_with(std::string_view s, std::string_view suffix);
std::vector<std::string> split(std::string_view s, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string replace_all(std::string s, std::string_view from, std::string_view to);
bool equals_ignore_case(std::string_view a, std::string_view b);  // ASCII

bool is_valid_utf8(std::string_view s);
// Unicode NFC; the input comes back unchanged when it is not valid UTF-8.
std::string nfc(std::string_view s);
// NFC, CR LF -> LF, trailing blanks trimmed: the form in which two texts are compared (I-24).
std::string comparable(std::string_view s);
// NFC, case folded.
std::string case_folded(std::string_view s);
// The same without accents and differences of width: what some servers' comparisons take for equal.
std::string without_accents(std::string_view s);
// NFC, case folded, punctuation and runs of blanks reduced to one blank: for matching names.
std::string folded(std::string_view s);

// The candidate nearest to `word` by edit distance, or "" when none is near enough to be a typing slip.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// "8,800", "-12,345"
std::string grouped(std::int64_t n);
// "1 deal", "2 deals"
std::string count_of(std::size_t n, std::string_view singular, std::string_view plural = "");

// Percent-encoding of a query or path component (RFC 3986 unreserved kept), and back.
std::string percent_encode(std::string_view s);
std::string percent_decode(std::string_view s, bool plus_is_blank = false);

std::string base64_encode(std::string_view bytes);
std::string base64url_encode(std::string_view bytes);  // no padding
// Accepts both alphabets, with or without padding; "" when it is not base64.
std::string base64_decode(std::string_view s);

// Hex SHA-256 (64 characters).
std::string sha256_hex(std::string_view bytes);

}  // namespace cosell::text
