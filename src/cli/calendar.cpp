// Writing a calendar file.
#include "cli/calendar.h"

namespace cosell::cli {

namespace {

constexpr std::size_t line_bytes_max = 75;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == ';' || c == ',') out += '\\';
    if (c != '\r') out += c;
  }
  return out;
}

void add_line(std::string& file, const std::string& line) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < line.size();) {
    std::size_t next = i + 1;
    while (next < line.size() && (static_cast<unsigned char>(line[next]) & 0xC0U) == 0x80U) ++next;
    if (used + (next - i) > line_bytes_max) {
      file += "\r\n ";
      used = 1;
    }
    file.append(line, i, next - i);
    used += next - i;
    i = next;
  }
  file += "\r\n";
}

// "2026-11-30T08:00:00Z" without its punctuation.
std::string stamp(Instant at) {
  std::string out;
  for (const char c : to_string_seconds(at)) {
    if (c != '-' && c != ':') out += c;
  }
  return out;
}

}  // namespace

std::string calendar_file(const std::vector<CalendarEntry>& entries, Instant now) {
  std::string file;
  for (const char* line : {"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//cosell-bridge//deadlines//EN"}) {
    add_line(file, line);
  }
  for (const CalendarEntry& entry : entries) {
    add_line(file, "BEGIN:VEVENT");
    add_line(file, "UID:" + escaped(entry.uid));
    add_line(file, "DTSTAMP:" + stamp(now));
    add_line(file, "DTSTART:" + stamp(entry.at));
    add_line(file, "SUMMARY:" + escaped(entry.title));
    add_line(file, "DESCRIPTION:" + escaped(entry.text));
    if (!entry.page.empty()) add_line(file, "URL:" + entry.page);
    add_line(file, "END:VEVENT");
  }
  add_line(file, "END:VCALENDAR");
  return file;
}

}  // namespace cosell::cli
