//! Rust without wasm-bindgen: an allocator, and results packed into 64 bits (pointer in the upper half).

use std::alloc::{alloc as allocate, dealloc as release, Layout};

fn layout(size: usize) -> Layout {
    Layout::array::<u8>(size).unwrap()
}

#[no_mangle]
pub extern "C" fn alloc(size: usize) -> *mut u8 {
    unsafe { allocate(layout(size)) }
}

/// # Safety
/// `pointer` came from `alloc` with this `size`, or from a result of this length.
#[no_mangle]
pub unsafe extern "C" fn dealloc(pointer: *mut u8, size: usize) {
    release(pointer, layout(size));
}

fn pack(data: Box<[u8]>) -> u64 {
    let length = data.len() as u64;
    if length == 0 {
        return 0;
    }
    ((Box::into_raw(data) as *mut u8 as u64) << 32) | length
}

/// # Safety
/// `pointer` and `length` say where the text is.
#[no_mangle]
pub unsafe extern "C" fn greet(pointer: *const u8, length: usize) -> u64 {
    let name = String::from_utf8_lossy(std::slice::from_raw_parts(pointer, length));
    pack(format!("Hello, {name}!").into_bytes().into_boxed_slice())
}

/// # Safety
/// `pointer` and `length` say where the data is.
#[no_mangle]
pub unsafe extern "C" fn reverse(pointer: *const u8, length: usize) -> u64 {
    let mut data = std::slice::from_raw_parts(pointer, length).to_vec();
    data.reverse();
    pack(data.into_boxed_slice())
}

/// A constant, which nobody gives back.
#[no_mangle]
pub extern "C" fn version() -> u64 {
    let text: &'static str = "1.2.3";
    ((text.as_ptr() as u64) << 32) | text.len() as u64
}
