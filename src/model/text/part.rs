//! What may stand in a sentence.

use super::{Piece, Text};
use crate::model::{Excerpt, Stamp, Version};
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// What may stand in the place of a placeholder. A string is taken for a bundle's: words of the program's own come as a [`Text`].
pub trait Part {
    /// It as a text.
    fn part(&self) -> Text;
}

impl Part for Text {
    fn part(&self) -> Text {
        self.clone()
    }
}

impl Part for str {
    fn part(&self) -> Text {
        Text(Piece::Given(self.to_owned()))
    }
}

macro_rules! like_what_it_points_at {
    ($($pointer:ty),*) => {
        $(impl<T: Part + ?Sized> Part for $pointer {
            fn part(&self) -> Text {
                (**self).part()
            }
        })*
    };
}

like_what_it_points_at!(&T, Box<T>, Rc<T>, Arc<T>);

impl Part for String {
    fn part(&self) -> Text {
        self.as_str().part()
    }
}

impl Part for Excerpt {
    fn part(&self) -> Text {
        self.as_str().part()
    }
}

impl Part for char {
    fn part(&self) -> Text {
        Text(Piece::Given(self.to_string()))
    }
}

impl Part for Cow<'_, str> {
    fn part(&self) -> Text {
        (**self).part()
    }
}

/// Nothing, where there is none.
impl<T: Part> Part for Option<T> {
    fn part(&self) -> Text {
        self.as_ref().map(Part::part).unwrap_or_default()
    }
}

macro_rules! figures {
    ($($kind:ty),*) => {
        $(impl Part for $kind {
            fn part(&self) -> Text {
                Text::figure(self)
            }
        })*
    };
}

figures!(u8, u16, u32, u64, usize, i32, i64, Stamp, Version);
