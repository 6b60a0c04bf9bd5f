//! Who is calling: account, region and principal of a request.
