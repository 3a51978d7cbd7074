// Files that a command makes for the user whose service works with them: who gives it as root takes nothing away from
// that user. For anybody else these are files like others.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace cosell {

// A new file, readable for its owner alone, in place of one of that name, which goes. As root it belongs to the owner
// of `instead_of`, or of its folder where no such file is there. -1 with errno where it cannot be made.
int new_file_for_owner(const std::string& file, const std::string& instead_of);

// Writes such a file whole: old or new content, never half of it, also after a power loss.
std::error_code replace_file_for_owner(const std::string& file, std::string_view bytes);

// Opens the file on which what stands in `guarded` is locked, and makes it where there is none, owned as above.
int lock_file_for_owner(const std::string& file, const std::string& guarded);

// Makes the folder and those above it that are missing; as root each belongs to the owner of the one that it is in.
std::error_code make_folders_for_owner(const std::string& folder);

}  // namespace cosell
