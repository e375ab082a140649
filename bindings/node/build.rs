//! What each platform's linker has to be told about symbols that Node provides.

fn main() {
    napi_build::setup();
}
