// Errors as values. Every function that can fail for a reason outside the program returns
// Result<T>. A message is for people: what is wrong, where; `remedy` says what to do about it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace bloodcell {

enum class ErrorCode {
  usage,           // a wrong option, value or combination of them
  not_found,       // a file, folder, class or name that does not exist
  unreadable,      // exists, but the system refuses or fails to read or write it
  malformed,       // read, but not what its format says
  limit_exceeded,  // larger, longer or more than a stated limit
  unsupported,     // valid, but not something we handle
  mismatch,        // two things that must agree do not (a hash, a class list, a golden output)
  leak,            // the two sides of a split share a family
  cancelled,       // the user or the caller asked to stop
  internal,        // a library failed in a way that its input does not explain
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string path;    // the file or folder concerned, empty if none
  std::string remedy;  // what to do, empty if there is nothing to do
};

template <class T>
using Result = tl::expected<T, Error>;

// `cells/12.jpg: ends after 3,000 of 41,212 bytes; copy it again`
[[nodiscard]] std::string to_text(const Error& error);

// `limit_exceeded` and so on, as JSON and CSV write it.
[[nodiscard]] std::string_view name_of(ErrorCode code);

// The exit status of a program that ends with this error: 2 for usage, 1 for all else.
[[nodiscard]] int exit_status(ErrorCode code);

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message,
                                                std::string path = {}, std::string remedy = {}) {
  return tl::unexpected<Error>{Error{code, std::move(message), std::move(path), std::move(remedy)}};
}

// The same error, told of the file that an inner function could not know.
[[nodiscard]] inline Error with_path(Error error, std::string_view path) {
  if (error.path.empty()) error.path = path;
  return error;
}

}  // namespace bloodcell

#define BLOODCELL_CONCAT_INNER(a, b) a##b
#define BLOODCELL_CONCAT(a, b) BLOODCELL_CONCAT_INNER(a, b)

// BC_ASSIGN(auto image, decode(bytes)); — declares `image`, or returns the error.
#define BC_ASSIGN(declaration, expression)                                            \
  auto BLOODCELL_CONCAT(bc_result_, __LINE__) = (expression);                         \
  if (!BLOODCELL_CONCAT(bc_result_, __LINE__))                                        \
    return tl::unexpected(std::move(BLOODCELL_CONCAT(bc_result_, __LINE__)).error()); \
  declaration = std::move(*BLOODCELL_CONCAT(bc_result_, __LINE__))

// BC_CHECK(write(path)); — returns the error of a Result<void>.
#define BC_CHECK(expression)                               \
  do {                                                     \
    if (auto bc_result = (expression); !bc_result)         \
      return tl::unexpected(std::move(bc_result).error()); \
  } while (false)
